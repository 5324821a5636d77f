/**
 * One conversation as this device knows it, without any I/O: what is loaded and where it is contiguous (spans),
 * what waits behind a gap, and how messages and changes come in, as docs/protocol.md ("How nothing is lost and
 * nothing doubled") has it. Messages and the conversation (data) are never changed but replaced, so that === tells.
 *
 * @typedef {'queued' | 'sending' | 'failed' | 'sent' | 'delivered' | 'read'} MessageState of one's own messages
 * @typedef {import('./records.js').FrameMessage & {state?: MessageState, error?: import('./http.js').ParleyError,
 *   progress?: number, blob_url?: string}} Message as histories have it; progress: of an upload, 0 to 1;
 *   blob_url: in a page, what is uploaded. One without a seq is on its way
 * @typedef {import('./records.js').MessageConversation & {change_seq: number, first_seq: number,
 *   pinned_ids: string[], left?: boolean}} Conversation left: one is no member of the group any more
 * @typedef {import('./stretches.js').Stretch} Stretch all that there is from seq low to seq high is loaded
 */
import { addStretch, clipStretches } from './stretches.js';

const DELIVERED = 30;
const READ = 31;
const RECALL = 32;
const EDIT = 34;
const REACTION = 35;
const PIN = 37;
/** Frames that say what became of a message; they are numbered by change_seq. */
export const CHANGES = new Set([RECALL, EDIT, REACTION, PIN]);
const SYSTEM = 3;

/** A list of chats says no more. */
const UNREAD_MAX = 999;
/** user_ids of a reaction: the first of them, as histories have it. */
const REACTED_MAX = 100;
/**
 * Messages that live frames make us keep of a conversation; beyond, the oldest go until they are loaded again. What
 * somebody has loaded is looked at: so many, and MESSAGES_DROP more, may be kept then.
 */
const MESSAGES_MAX = 5000;
const MESSAGES_DROP = 1000;

/** @param {any[] | undefined} reactions @param {any} frame */
function reacted(reactions = [], frame) {
  const known = reactions.find(({ emoji }) => emoji === frame.emoji);
  if (frame.count <= 0) {
    const rest = reactions.filter((reaction) => reaction !== known);
    return rest.length ? rest : undefined;
  }
  const others = (known?.user_ids ?? []).filter((/** @type {string} */ id) => id !== frame.from);
  const user_ids = frame.removed || others.length >= REACTED_MAX ? others : [...others, frame.from];
  const mine = { emoji: frame.emoji, count: frame.count, user_ids };
  return known ? reactions.map((reaction) => (reaction === known ? mine : reaction)) : [...reactions, mine];
}

/** The message after a change. @param {Message} message @param {any} frame @returns {Message} */
function changed(message, frame) {
  const ret = { ...message, change_seq: frame.change_seq };
  if (frame.type === RECALL) {
    Object.assign(ret, { content: {}, reactions: undefined, recalled_at: frame.timestamp });
  }
  if (frame.type === EDIT) Object.assign(ret, { content: frame.content, edited_at: frame.timestamp });
  if (frame.type === REACTION) ret.reactions = reacted(message.reactions, frame);
  return ret;
}

/**
 * Who is there besides oneself: a group or a person.
 * @param {string} conversation_id @param {string} me @returns {{group_id?: string, user_id: string}}
 */
export function partner(conversation_id, me) {
  const [kind, ...ids] = conversation_id.split(':');
  if (kind === 'group') return { group_id: ids[0], user_id: '' };
  return { user_id: ids.find((id) => id !== me) ?? me };
}

export class Room {
  /** @param {string} me one's own user_id @param {string} conversation_id */
  constructor(me, conversation_id) {
    const { user_id, group_id } = partner(conversation_id, me);
    this.me = me;
    this.id = conversation_id;
    /** @type {Conversation} */
    this.data = {
      conversation_id, type: group_id ? 'group' : 'single', last_message: null, last_seq: 0, read_seq: 0,
      unread_count: 0, mentioned: false, pinned: false, muted: false, updated_at: 0, change_seq: 0, first_seq: 0,
      pinned_ids: [], ...(group_id ? { group: { group_id } } : { peer: { user_id } }),
    };
    /** What one has set and the server has not heard of yet, over what it says. */
    this.wanted = {};
    /** @type {Map<number, Message>} */
    this.messages = new Map();
    this.most = MESSAGES_MAX;
    /** @type {Map<string, number>} */
    this.seqs = new Map();
    /** @type {Stretch[]} ascending, and none meets another */
    this.spans = [];
    /** @type {Map<string, Message>} one's own without a seq */
    this.pending = new Map();
    this.waiting = new Map();
    this.waitingChanges = new Map();
    /** Deleted for oneself: a late frame brings them back no more. */
    this.removed = new Set();
    /** How many questions about messages are on their way, and the changes that came meanwhile. */
    this.asking = 0;
    this.heard = [];
    /** How many limited syncs have made us forget. */
    this.forgotten = 0;
    /** How far the server knows that one has read. */
    this.toldRead = 0;
    this.sorted = null;
    /** Out of the list while last_seq is not past it. */
    this.hideSeq = 0;
    /** The server has told of it, by sync or by a message. */
    this.isKnown = false;
    /** When the first message vanishes; Infinity: none does. It may be too early, never too late. */
    this.nextExpiry = Infinity;
  }

  /** @param {Partial<Conversation>} more */
  set(more) {
    this.data = { ...this.data, ...more };
  }

  // ---- Whole states: of sync, of histories, and of messages in their order

  /** @param {Message} frame @param {number} now */
  put(frame, now) {
    if (this.removed.has(frame.message_id) || frame.seq < this.data.first_seq) return;
    if (frame.expires_at && frame.expires_at <= now) return;
    this.pending.delete(frame.message_id);
    const known = this.messages.get(frame.seq);
    if (known && (known.change_seq ?? 0) > (frame.change_seq ?? 0)) return;
    this.#keep(frame);
  }

  #keep(message) {
    const state = this.stateOf(message);
    this.messages.set(message.seq, state ? { ...message, state } : message);
    this.seqs.set(message.message_id, message.seq);
    this.sorted = null;
    if (message.expires_at) this.nextExpiry = Math.min(this.nextExpiry, message.expires_at);
    if (this.data.last_message?.message_id === message.message_id) {
      this.set({ last_message: this.messages.get(message.seq) });
    }
  }

  /** How far one's own message has come. @param {Message} message */
  stateOf({ from, seq }) {
    if (from !== this.me) return undefined;
    const { read_seq = 0, delivered_seq = 0 } = this.data.peer ?? {};
    if (read_seq >= seq) return 'read';
    return delivered_seq >= seq ? 'delivered' : 'sent';
  }

  /** @param {string[]} message_ids @param {boolean} [forGood] they will not come back */
  remove(message_ids, forGood = false) {
    const gone = new Set(message_ids);
    for (const message_id of gone) {
      if (forGood) this.removed.add(message_id);
      this.messages.delete(this.seqs.get(message_id) ?? 0);
      this.seqs.delete(message_id);
    }
    this.sorted = null;
    const { last_message, pinned_ids } = this.data;
    if (last_message && gone.has(last_message.message_id)) {
      this.set({ last_message: this.span()?.messages.at(-1) ?? null });
    }
    this.set({ pinned_ids: pinned_ids.filter((id) => !gone.has(id)) });
    this.recount();
  }

  /** All below are gone. @param {number} first_seq */
  trim(first_seq) {
    if (first_seq <= this.data.first_seq) return;
    this.set({ first_seq });
    const gone = this.#inOrder().filter(({ seq }) => seq < first_seq);
    this.remove(gone.map(({ message_id }) => message_id));
  }

  /** What has had its time. @param {number} now @returns {boolean} something went */
  expire(now) {
    const gone = [];
    this.nextExpiry = Infinity;
    for (const { message_id, expires_at = Infinity } of this.messages.values()) {
      if (expires_at <= now) gone.push(message_id);
      else this.nextExpiry = Math.min(this.nextExpiry, expires_at);
    }
    if (gone.length) this.remove(gone);
    return gone.length > 0;
  }

  // ---- Live frames: in order, without a gap

  /** A message or a change. @param {any} frame @param {number} now @returns {Message[]} those that came in by it */
  take(frame, now) {
    const isChange = CHANGES.has(frame.type);
    const number = isChange ? frame.change_seq : frame.seq;
    if (number <= (isChange ? this.data.change_seq : this.data.last_seq)) {
      if (!isChange) this.pending.delete(frame.message_id);
      return [];
    }
    (isChange ? this.waitingChanges : this.waiting).set(number, frame);
    return this.goOn(now);
  }

  /** As far as nothing is missing. @param {number} now @returns {Message[]} */
  goOn(now) {
    const came = [];
    for (let next; (next = this.waiting.get(this.data.last_seq + 1)); ) came.push(this.#accept(next, now));
    for (;;) {
      const frame = this.waitingChanges.get(this.data.change_seq + 1);
      if (!frame || frame.seq > this.data.last_seq) break;
      this.#change(frame);
    }
    for (const [seq, { message_id }] of this.waiting) {
      if (seq > this.data.last_seq) continue;
      this.waiting.delete(seq);
      this.pending.delete(message_id); // acked behind a gap that a limited page has bridged without it
    }
    for (const seq of this.waitingChanges.keys()) {
      if (seq <= this.data.change_seq) this.waitingChanges.delete(seq);
    }
    return came;
  }

  hasGap() {
    return this.waiting.size > 0 || this.waitingChanges.size > 0;
  }

  #accept(frame, now) {
    const { seq } = frame;
    this.put(frame, now);
    this.set({ last_seq: seq, hidden: this.isHiddenAt(seq), updated_at: frame.timestamp });
    this.spans = addStretch(this.spans, { low: seq, high: seq });
    const message = this.messages.get(seq);
    if (message) this.set({ last_message: message });
    if (frame.msg_type === SYSTEM) this.#event(frame.content);
    else if (frame.from === this.me) this.read(seq);
    else this.#heardFrom(message ?? frame);
    if (seq <= this.toldRead) this.read(seq); // another device had it before, and its receipt was faster
    this.#dropOld();
    return message ?? frame;
  }

  /** Whoever writes has read all before; and here is something unread. */
  #heardFrom({ from, seq, content }) {
    this.receipt(from, seq, seq);
    const isNamed = content.at_all || content.at_user_ids?.includes(this.me);
    this.set({
      unread_count: Math.min(UNREAD_MAX, this.data.unread_count + 1),
      mentioned: this.data.mentioned || Boolean(isNamed),
    });
  }

  /** What happened to the conversation. */
  #event(content) {
    const { event, name, seconds, user_ids, user_id } = content;
    if (event === 'conversation.timer') this.set({ ttl: seconds || undefined });
    if (!this.data.group) return;
    if (name) this.set({ group: { ...this.data.group, name } });
    const isMe = (user_ids ?? [user_id]).includes(this.me);
    if (isMe && event === 'group.left') this.set({ left: true });
    if (isMe && event === 'group.joined') this.set({ left: undefined });
  }

  #dropOld() {
    if (this.messages.size <= this.most) return;
    const old = this.#inOrder().slice(0, MESSAGES_DROP);
    for (const { seq, message_id } of old) {
      this.messages.delete(seq);
      this.seqs.delete(message_id);
    }
    this.sorted = null;
    this.spans = clipStretches(this.spans, old.at(-1).seq + 1, Infinity);
  }

  #change(frame) {
    this.set({ change_seq: frame.change_seq });
    if (this.asking) this.heard.push(frame);
    const isPin = frame.type === PIN;
    if (isPin || frame.type === RECALL) {
      this.#pin(frame.message_id, isPin && !frame.removed && this.#isVisible(frame));
    }
    const message = this.messages.get(frame.seq);
    if (message && frame.change_seq >= (message.change_seq ?? 0)) this.#keep(changed(message, frame));
    if (frame.type === RECALL) this.recount();
  }

  /** Not what one has deleted for oneself, here or before a reload: frames of it come all the same. */
  #isVisible({ message_id, seq }) {
    if (this.removed.has(message_id)) return false;
    return this.messages.has(seq) || !this.spans.some(({ low, high }) => low <= seq && seq <= high);
  }

  #pin(message_id, isPinned) {
    const others = this.data.pinned_ids.filter((id) => id !== message_id);
    this.set({ pinned_ids: isPinned ? [...others, message_id] : others });
  }

  // ---- How far one is, and the other

  /** @param {number} seq */
  read(seq) {
    if (seq <= this.data.read_seq) return;
    this.set({ read_seq: Math.min(seq, this.data.last_seq) });
    this.recount();
  }

  /** The unread ones, where all of them are loaded; else what was counted before stands. */
  recount() {
    const { read_seq, last_seq, mentioned } = this.data;
    if (read_seq >= last_seq) {
      this.set({ unread_count: 0, mentioned: false });
      return;
    }
    const newest = this.spans.at(-1);
    if (!newest || newest.high < last_seq || newest.low > read_seq + 1) return;
    const unread = this.#inOrder().filter((message) => message.seq > read_seq && message.from !== this.me &&
      !message.recalled_at && message.msg_type !== SYSTEM);
    const isNamed = unread.some(({ content }) => content.at_all || content.at_user_ids?.includes(this.me));
    this.set({ unread_count: Math.min(UNREAD_MAX, unread.length), mentioned: mentioned && isNamed });
  }

  /** Types 31 and 36, and the receipts of sync. @param {string} user_id @param {number} read @param {number} delivered */
  receipt(user_id, read, delivered) {
    if (user_id === this.me) {
      this.toldRead = Math.max(this.toldRead, read);
      this.read(read);
      return;
    }
    const { peer } = this.data;
    if (peer?.user_id !== user_id) return;
    const read_seq = Math.max(peer.read_seq ?? 0, read);
    const delivered_seq = Math.max(peer.delivered_seq ?? 0, delivered, read_seq);
    if (read_seq === peer.read_seq && delivered_seq === peer.delivered_seq) return;
    this.set({ peer: { ...peer, read_seq, delivered_seq } });
    for (const message of this.messages.values()) {
      if (message.state && message.state !== this.stateOf(message)) this.#keep(message);
    }
  }

  // ---- Answers

  /** A conversation of a page of sync. @param {any} given @param {number} now @returns {Message[]} the new ones */
  sync(given, now) {
    const { messages, changes, hidden_message_ids, receipts, pinned_ids, ...rest } = given;
    const { limited, from_seq, after_seq, ...row } = rest;
    const had = this.data.last_seq;
    const { first_seq, peer, read_seq, change_seq } = this.data;
    this.isKnown = true;
    if (hidden_message_ids.length) this.remove(hidden_message_ids, true);
    if (limited) this.#forget(after_seq, from_seq);
    this.trim(row.first_seq);
    const isPast = change_seq > row.change_seq;
    this.set({
      hidden: undefined, draft: undefined, ttl: undefined, ...row, ...this.wanted,
      first_seq: Math.max(first_seq, row.first_seq), last_seq: Math.max(had, row.last_seq),
      read_seq: Math.max(read_seq, row.read_seq), change_seq: Math.max(change_seq, row.change_seq),
      pinned_ids: isPast ? this.data.pinned_ids : pinned_ids,
      ...(row.peer ? { peer: { ...peer, ...row.peer } } : {}),
    });
    for (const { user_id, read_seq: read, delivered_seq } of receipts) this.receipt(user_id, read, delivered_seq);
    for (const message of [...messages, ...changes]) this.put(message, now);
    for (const { msg_type, content } of messages) if (msg_type === SYSTEM) this.#event(content);
    const low = limited ? from_seq : after_seq + 1;
    if (low <= row.last_seq) this.spans = addStretch(this.spans, { low, high: row.last_seq });
    const newest = this.messages.get(this.data.last_seq);
    if (newest && this.data.last_message) this.set({ last_message: newest });
    this.toldRead = Math.max(this.toldRead, row.read_seq);
    this.hideSeq = row.hidden ? row.last_seq : 0;
    if (this.data.read_seq > row.read_seq) this.recount();
    return messages.filter(({ seq }) => seq > had);
  }

  /** What lies between may have changed unheard. */
  #forget(after, from) {
    this.forgotten += 1;
    for (const [seq, { message_id }] of this.messages) {
      if (seq > after && seq < from) {
        this.messages.delete(seq);
        this.seqs.delete(message_id);
      }
    }
    this.sorted = null;
    this.spans = [...clipStretches(this.spans, 0, after), ...clipStretches(this.spans, from, Infinity)];
  }

  /**
   * A page of history. What lies past last_seq is left to live frames and sync.
   * @param {Message[]} messages @param {Stretch} stretch what the page covers @param {number} now
   */
  page(messages, { low, high }, now) {
    for (const message of messages) if (message.seq <= this.data.last_seq) this.put(message, now);
    this.most = Math.max(this.most, this.messages.size + MESSAGES_DROP);
    const end = Math.min(high, this.data.last_seq);
    if (low <= end) this.spans = addStretch(this.spans, { low, high: end });
  }

  /**
   * Between ask() and answered(), changes are kept: an answer may be older than they are.
   * @returns {() => boolean} may the answer be put in? Not after a limited sync: what changed meanwhile was not told
   */
  ask() {
    this.asking += 1;
    const { forgotten } = this;
    return () => forgotten === this.forgotten;
  }

  answered() {
    this.asking -= 1;
    for (const frame of this.heard) {
      const message = this.messages.get(frame.seq);
      if (message && frame.change_seq > (message.change_seq ?? 0)) this.#keep(changed(message, frame));
    }
    if (!this.asking) this.heard = [];
  }

  /** conversation.updated: it may overtake messages. @param {any} content */
  settings({ pinned, muted, draft, hide_seq = 0 }) {
    this.hide(hide_seq);
    this.set({ pinned, muted, draft: draft || undefined, ...this.wanted });
  }

  /** @param {number} seq out of the list until something is said after it; 0: into the list */
  hide(seq) {
    this.hideSeq = seq;
    this.set({ hidden: this.isHiddenAt(this.data.last_seq) });
  }

  /** @param {number} seq @returns {true | undefined} */
  isHiddenAt(seq) {
    return (this.hideSeq > 0 && seq <= this.hideSeq) || undefined;
  }

  // ---- What is shown

  /** @param {string} message_id @returns {Message | undefined} */
  find(message_id) {
    return this.messages.get(this.seqs.get(message_id) ?? 0) ?? this.pending.get(message_id);
  }

  #inOrder() {
    this.sorted ??= [...this.messages.values()].sort((a, b) => a.seq - b.seq);
    return this.sorted;
  }

  /** @param {number} [seq] @returns {{messages: Message[], has_before: boolean, has_after: boolean} | null} */
  span(seq) {
    const { last_seq, first_seq } = this.data;
    const wanted = seq ?? last_seq;
    const found = this.spans.find(({ low, high }) => low <= wanted && wanted <= high);
    if (!found) return null;
    return {
      messages: this.#inOrder().filter((message) => message.seq >= found.low && message.seq <= found.high),
      has_before: found.low > Math.max(1, first_seq),
      has_after: found.high < last_seq,
    };
  }

  /** All that was loaded to the end is gone, and there is more: what is the last message, the server knows. */
  isBare() {
    return !this.data.last_message && Boolean(this.span()?.has_before);
  }

  // ---- Storage

  /** What a reload begins with: all but the older messages. @param {number} max messages */
  snapshot(max) {
    if (!this.isKnown && !Object.keys(this.wanted).length) return null;
    const newest = this.span();
    const messages = (newest?.messages ?? []).slice(-max);
    const isWhole = messages.length === newest?.messages.length;
    const low = isWhole ? this.spans.at(-1)?.low : messages[0]?.seq;
    const { me, data, wanted, toldRead, isKnown } = this;
    // Addresses of previews are this page's alone.
    const lasting = messages.map(({ blob_url: _, ...message }) => message);
    return { me, data, wanted, toldRead, isKnown, messages: lasting, low };
  }

  /** @param {any} kept a snapshot @param {number} now */
  restore({ data, wanted, toldRead, isKnown, messages, low }, now) {
    Object.assign(this, { wanted, toldRead, isKnown, hideSeq: data.hidden ? data.last_seq : 0 });
    this.set(data);
    for (const message of messages) this.#keep(message);
    if (low !== undefined) this.spans = [{ low, high: data.last_seq }];
    this.expire(now);
  }
}

export { DELIVERED, READ, SYSTEM };
