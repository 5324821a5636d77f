/**
 * Where one is, in location.hash: #/overview, #/users?query=…&role=…&status=…, #/users/<user_id>,
 * #/messages/<conversation_id>/<message_id>, #/services, #/audit?actor_id=…
 */
import { useHash } from '/router.js';

/**
 * @typedef {object} Route
 * @property {string} view the first part, '' for none
 * @property {string[]} rest the other parts
 * @property {Record<string, string>} query
 */

/**
 * Read an address.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/').map(decode);
  return { view, rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody's typing: it leads nowhere, but breaks nothing
  }
}

/**
 * An address of this page; what is empty in the query is left out.
 * @param {string[]} parts
 * @param {Record<string, string | undefined>} [query]
 */
export function hrefOf(parts, query = {}) {
  const filled = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const text = filled.toString();
  return `#/${parts.map(encodeURIComponent).join('/')}${text && `?${text}`}`;
}

/** Go there, without a step for "back". @param {string} href */
export function replaceRoute(href) {
  if (location.hash !== href) location.replace(href);
}

/** Where one is, as a hook. @returns {Route} */
export function useRoute() {
  return parseRoute(useHash());
}
