/** Somebody of whom only the id is known. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { hrefOf } from '/admin/route.js';
import { nameOf } from '/admin/act.js';

/**
 * A link to the account, by name as soon as it is known; the id stays where it cannot be had.
 * @param {{user_id: string}} props
 */
export function Person({ user_id }) {
  const [name, setName] = useState(user_id);
  useEffect(() => {
    let gone = false;
    parley.request('GET', `/v1/admin/users/${encodeURIComponent(user_id)}`).then(
      ({ user }) => gone || setName(nameOf(user)), () => {});
    return () => {
      gone = true;
    };
  }, [user_id]);
  return html`<a dir="auto" href=${hrefOf(['users', user_id])}>${name}</a>`;
}
