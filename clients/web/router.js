/**
 * Where one is, in location.hash, so that back, forward, reload and links work:
 * #/chats, #/c/<conversation_id>, #/c/<conversation_id>/<message_id>, #/people, #/search?q=…,
 * #/settings/<tab>,
 * #/join/<group_id>.
 */
import { useEffect, useState } from '/vendor/preact.js';

/**
 * @typedef {object} Route
 * @property {'chats' | 'people' | 'search' | 'settings' | 'join'} view
 * @property {string} [conversation_id] view chats: the one that is open
 * @property {string} [message_id] and the message that a link means
 * @property {string} [query] view search
 * @property {string} [tab] view settings
 * @property {string} [group_id] view join
 */

/**
 * Read an address. What is not ours is the list of chats.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/').map(decode);
  if (view === 'c' && rest[0]) return { view: 'chats', conversation_id: rest[0], message_id: rest[1] };
  if (view === 'people') return { view };
  if (view === 'search') return { view, query: new URLSearchParams(query).get('q') ?? '' };
  if (view === 'settings') return { view, tab: rest[0] };
  if (view === 'join' && rest[0]) return { view, group_id: rest[0] };
  return { view: 'chats' };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody's typing: then it leads nowhere, but breaks nothing
  }
}

// A conversation_id has colons, which may stand as they are: links stay readable.
function encode(part) {
  return encodeURIComponent(part).replaceAll('%3A', ':');
}

/** Where one is now. @returns {Route} */
export function route() {
  return parseRoute(location.hash);
}

/**
 * The address of a conversation, or of a message in it.
 * @param {string} conversation_id
 * @param {string} [message_id]
 */
export function chatHref(conversation_id, message_id) {
  return `#/c/${encode(conversation_id)}${message_id ? `/${encode(message_id)}` : ''}`;
}

/** The address of a search. @param {string} query */
export function searchHref(query) {
  return `#/search?${new URLSearchParams({ q: query })}`;
}

const VISITED = 'visited'; // the state of entries that were here: one comes to them by back and forward alone
let closeAbove = () => false;

/**
 * Back, as on a phone, closes first what lies above the view, and only then leads away. Once, by the page.
 * @param {() => boolean} close closes it; true: there was something
 */
export function beforeBack(close) {
  closeAbove = close;
}

let isVisited = false;
history.replaceState(VISITED, '');
// Before each hashchange, and without one when a link leads to where one is.
window.addEventListener('popstate', ({ state }) => {
  isVisited = state === VISITED;
  history.replaceState(VISITED, '');
});
window.addEventListener('hashchange', (event) => {
  if (!isVisited || !closeAbove()) return;
  event.stopImmediatePropagation();
  history.pushState(VISITED, '', event.oldURL);
});

/**
 * Go there.
 * @param {string} href such as '#/people'
 * @param {{replace?: boolean}} [options] replace: "back" does not come here again
 */
export function go(href, { replace = false } = {}) {
  if (replace) location.replace(href);
  else location.hash = href;
}

/** location.hash, as a hook. @returns {string} */
export function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    window.addEventListener('hashchange', changed);
    changed();
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return hash;
}

/** Where one is, as a hook. @returns {Route} */
export function useRoute() {
  return parseRoute(useHash());
}
