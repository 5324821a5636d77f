/**
 * What somebody has begun to write, so that it is never lost: on this device with every key, on the
 * server a moment later, so that his other devices have it, too.
 *
 * A draft lies in localStorage by user and conversation, and outlives the log-out. `dirty` says that
 * the server may not have it yet; a draft that is not dirty gives way to what the server has.
 *
 * @typedef {{text: string, mentions: {user_id: string, name: string}[], reply_to?: string,
 *   edit?: {message_id: string, text: string}, dirty?: boolean}} Draft
 */
import { onLive, parley } from '/client.js';

const PUSH_AFTER = 1500; // ms after the last key: a pause in typing
const PREFIX = 'parley.draft';
const TEXT_MAX = 10000; // code points, as the server's

/** Where there is no localStorage (forbidden, full), drafts last as long as the page. */
const memory = new Map();
const timers = new Map();
const pushing = new Set();

const prefix = () => `${PREFIX}.${parley.me?.user_id || ''}.`;
const keyOf = (conversation_id) => prefix() + conversation_id;
const storedText = (conversation_id) => parley.conversations.get(conversation_id)?.draft || '';

function load(key) {
  if (memory.has(key)) return parse(memory.get(key));
  try {
    return parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function parse(text) {
  try {
    const draft = JSON.parse(text || 'null');
    if (typeof draft?.text !== 'string') return null;
    return { ...draft, mentions: Array.isArray(draft.mentions) ? draft.mentions : [] };
  } catch {
    return null;
  }
}

/** What is empty and known to the server needs no place. */
function save(key, draft) {
  const is_empty = !draft.text && !draft.dirty && !draft.reply_to && !draft.edit;
  memory.delete(key);
  try {
    if (is_empty) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(draft));
  } catch {
    memory.set(key, JSON.stringify(draft));
  }
}

/**
 * The draft of a conversation: this device's while the server may not have it, or has not said yet what
 * it has; else the server's.
 * @param {string} conversation_id
 * @returns {Draft}
 */
export function readDraft(conversation_id) {
  const own = load(keyOf(conversation_id));
  const text = storedText(conversation_id);
  const is_newest = own && (own.dirty || own.text === text || parley.state !== 'live');
  if (is_newest) return own;
  return { ...own, text, mentions: [], dirty: false };
}

/**
 * Change a draft here at once, and on the server after a pause.
 * @param {string} conversation_id
 * @param {Partial<Draft>} change
 */
export function writeDraft(conversation_id, change) {
  const draft = { ...readDraft(conversation_id), ...change };
  // Dirty until the server says that it has it: one that is on its way may arrive after this one was
  // taken back to what the server has, and what parley keeps of it is what it was told, here first.
  draft.dirty ||= draft.text !== storedText(conversation_id);
  save(keyOf(conversation_id), draft);
  if (draft.dirty) pushLater(conversation_id);
}

function pushLater(conversation_id) {
  clearTimeout(timers.get(conversation_id));
  timers.set(conversation_id, setTimeout(() => pushDraft(conversation_id), PUSH_AFTER));
}

/**
 * Tell the server what it may not have yet. A failure leaves the draft dirty: its next chance is the
 * next key, or the return of the network.
 * @param {string} conversation_id
 */
export async function pushDraft(conversation_id) {
  clearTimeout(timers.get(conversation_id));
  const key = keyOf(conversation_id);
  const draft = load(key);
  // A conversation without a message is not there for the server: its draft stays here.
  const is_stored = parley.conversations.get(conversation_id)?.last_seq > 0;
  if (!draft?.dirty || !is_stored || pushing.has(conversation_id)) return;
  pushing.add(conversation_id);
  const stored = [...draft.text].slice(0, TEXT_MAX).join('');
  const has_it = await parley.setConversation(conversation_id, { draft: stored }).catch(() => false);
  pushing.delete(conversation_id);
  if (!has_it) return;
  const now = load(key);
  // What is too long for the server is here alone, and stays as it is.
  if (now?.text === stored) save(key, { ...now, dirty: false });
  else if (now?.dirty && now.text !== draft.text) pushLater(conversation_id);
}

/** Hand over what was written while the network was away, or before the page was closed. */
function pushAll() {
  if (!parley.me) return;
  const keys = [...memory.keys()];
  try {
    keys.push(...Object.keys(localStorage));
  } catch {
    // Those in memory, then.
  }
  for (const key of keys.filter((one) => one.startsWith(prefix()))) pushDraft(key.slice(prefix().length));
}

onLive(pushAll);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') pushAll();
});
