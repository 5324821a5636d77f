/**
 * The one Parley of the page, its hooks, and what only the page knows (what is being replied to or edited).
 */
import { useEffect, useState } from '/vendor/preact.js';
import { Parley } from '/js/parley.js';
import { storage } from '/storage.js';

// The administrators' page shows no chats, so it keeps none, and leaves what the chat page keeps alone.
const shows_chats = !location.pathname.startsWith('/admin');

/** The connection and the model; see clients/js/parley.js. */
export const parley = new Parley({ device: deviceName(), storage: shows_chats ? storage : undefined });

// A storage that refuses, an answer that makes no sense: the page goes on, and says so to whoever looks for it.
parley.on('fault', (fault) => console.warn(fault));

/** What the list of one's devices calls this one. @returns {string} */
export function deviceName() {
  const find = (names) => names.find(([word]) => navigator.userAgent.includes(word))?.[1];
  const browser = find([['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari']]);
  const system = find([['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'],
    ['Mac OS', 'macOS'], ['Linux', 'Linux']]);
  return [browser ?? 'Browser', system].filter(Boolean).join(', ');
}

/** Call fn each time that the line is there (again). @param {() => void} fn @returns {() => void} no more */
export function onLive(fn) {
  return parley.on('change', (topic) => {
    if (topic === 'state' && parley.state === 'live') fn();
  });
}

/** Does somebody look at this page? */
export function isLooking() {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/**
 * State of the page that several views share. Changed by uiChanged() only.
 * reply and edit: by conversation_id, the Message that is answered or edited; info: the right panel is open.
 */
export const ui = { reply: {}, edit: {}, info: false };

const uiListeners = new Set();

/**
 * Change the page's state: `uiChanged((ui) => { ui.info = true; })`. Views with useTopic('ui') are drawn
 * again.
 * @param {(state: typeof ui) => void} change
 */
export function uiChanged(change) {
  change(ui);
  for (const fn of [...uiListeners]) fn();
}

/**
 * Draw this component again when one of the topics changes: those of parley's 'change', and 'ui'.
 * @param {...string} topics
 * @returns {number} rises with each change: a dependency for effects
 */
export function useTopic(...topics) {
  const [count, redraw] = useState(0);
  useEffect(() => {
    const changed = () => redraw((n) => n + 1);
    const off = parley.on('change', (topic) => topics.includes(topic) && changed());
    if (topics.includes('ui')) uiListeners.add(changed);
    changed(); // what came between drawing and listening
    return () => {
      off();
      uiListeners.delete(changed);
    };
  }, topics);
  return count;
}

/** Answer a message: the composer of its conversation shows the quote. @param {object} message */
export function startReply(message) {
  uiChanged((state) => {
    delete state.edit[message.conversation_id];
    state.reply[message.conversation_id] = message;
  });
}

/** Edit one's own message in the composer. @param {object} message */
export function startEdit(message) {
  uiChanged((state) => {
    delete state.reply[message.conversation_id];
    state.edit[message.conversation_id] = message;
  });
}

/** Neither answer nor edit any more. @param {string} conversation_id */
export function stopReplyAndEdit(conversation_id) {
  uiChanged((state) => {
    delete state.reply[conversation_id];
    delete state.edit[conversation_id];
  });
}

let findRemark = (_user_id) => undefined;

/**
 * Say where remarks are: what one calls one's friends. Once, by the page.
 * @param {(user_id: string) => string | null | undefined} find
 */
export function nameFriendsBy(find) {
  findRemark = find;
}

/**
 * What a person is called here: one's own remark, the nickname, the username. Asks for the profile if need
 * be.
 * @param {string} user_id
 * @returns {string} '…' while nothing is known
 */
export function nameOf(user_id) {
  const remark = findRemark(user_id);
  if (remark) return remark;
  const profile = parley.profile(user_id);
  return profile?.nickname || profile?.username || '…';
}

/**
 * The title of a conversation: the group's name, or the other person's.
 * @param {object} conversation
 * @returns {string}
 */
export function titleOf({ group, peer }) {
  if (group) return group.name ?? '…';
  const remark = findRemark(peer.user_id);
  if (remark) return remark;
  const profile = parley.profile(peer.user_id); // newer than what the conversation has
  return profile?.nickname || peer.nickname || profile?.username || peer.username || '…';
}
