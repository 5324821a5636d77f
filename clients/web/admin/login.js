/** Who is not logged in. Until then the page says nothing of the server. */
import { html, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { errorText, t } from '/texts.js';
import { Button, Field } from '/ui.js';

/** The log-in of administrators: the same accounts and the same session as the chat's. */
export function Login() {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const { username, password } = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setError(null);
    try {
      await parley.login({ username, password });
    } catch (failure) {
      setBusy(false);
      setError(failure);
    }
  };
  return html`<main id="content" class="starting"><form class="card admin-login" onSubmit=${submit}>
    <img src="/icon.svg" alt="" width="48" height="48" />
    <h1>${t('console_administration')}</h1>
    <${Field} label=${t('username')} name="username" autocomplete="username" autocapitalize="none"
      spellcheck=${false} required />
    <${Field} label=${t('password')} name="password" type="password" autocomplete="current-password" required />
    ${error && html`<p class="field-error" role="alert">${errorText(error)}</p>`}
    <${Button} type="submit" kind="primary" busy=${busy}>${t('log_in')}<//>
    <a href="/">${t('console_to_the_chats')}</a>
  </form></main>`;
}
