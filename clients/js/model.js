/**
 * All conversations as this device knows them; see room.js for one.
 *
 * @typedef {import('./room.js').Conversation} Conversation
 * @typedef {import('./room.js').Message} Message
 */
import { timerOf } from './clock.js';
import { Room, partner } from './room.js';

/** Messages of a conversation that storage keeps. */
const KEPT_MESSAGES = 30;
/** Messages that vanish at about the same time vanish together. */
const EXPIRY_MIN_MS = 50;

export class Model {
  /**
   * @param {{events: import('./events.js').Events, people: import('./people.js').People, now: () => number,
   *   keep: (key: string) => void}} options
   *   now: the server's time; keep: what storage has under that key has changed
   */
  constructor(options) {
    this.options = options;
    /** One's own user_id. */
    this.me = '';
    /** @type {Map<string, Room>} */
    this.rooms = new Map();
    /** @type {Map<string, Conversation>} what is shown of them */
    this.conversations = new Map();
    /** @type {any} */
    this.timer = null;
  }

  /** @param {string} conversation_id @returns {Room} made when it is new */
  room(conversation_id) {
    let room = this.rooms.get(conversation_id);
    if (!room) {
      room = new Room(this.me, conversation_id);
      this.rooms.set(conversation_id, room);
      this.conversations.set(conversation_id, room.data);
    }
    return room;
  }

  /** Something of it is new: for those who look at it, and for storage. @param {Room} room */
  show(room) {
    if (this.rooms.get(room.id) !== room) return; // forgotten while an answer was on its way
    if (this.conversations.get(room.id) !== room.data) {
      this.conversations.set(room.id, room.data);
      this.options.events.touch('list');
    }
    const { peer } = room.data;
    if (peer && !peer.nickname) this.options.people.profile(peer.user_id);
    this.options.events.touch(room.id);
    this.options.keep(`c/${room.id}`);
  }

  /** @returns {Conversation[]} those that are not hidden: pinned ones first, then the newest */
  list() {
    const times = (/** @type {Room} */ { data, pending }) =>
      Math.max(data.updated_at, ...[...pending.values()].map(({ timestamp }) => timestamp));
    return [...this.rooms.values()]
      .filter(({ data, isKnown, pending }) => pending.size || (!data.hidden && (isKnown || data.draft)))
      .map((room) => ({ room, time: times(room) }))
      .sort((a, b) => Number(b.room.data.pinned) - Number(a.room.data.pinned) || b.time - a.time)
      .map(({ room }) => room.data);
  }

  /** A person's names are known. @param {{user_id: string, username: string, nickname: string}} profile */
  name({ user_id, username, nickname }) {
    const room = this.rooms.get(this.idOf({ user_id }));
    const peer = room?.data.peer;
    if (room && peer && (peer.nickname !== nickname || peer.username !== username)) {
      room.set({ peer: { ...peer, username, nickname } });
      this.show(room);
    }
    this.options.events.touch('people');
  }

  /** @param {string | {user_id: string} | {group_id: string}} address @returns {string} the conversation_id */
  idOf(address) {
    if (typeof address === 'string') return address;
    if ('group_id' in address) return `group:${address.group_id}`;
    return `single:${[this.me, address.user_id].sort().join(':')}`;
  }

  /** Who is there: to or group_id of frames. @param {string} conversation_id */
  recipient(conversation_id) {
    const { user_id, group_id } = partner(conversation_id, this.me);
    return group_id ? { group_id } : { to: user_id };
  }

  hasGap() {
    return [...this.rooms.values()].some((room) => room.hasGap());
  }

  /** Messages go when their time has come. */
  watchExpiry() {
    const now = this.options.now();
    let next = Infinity;
    for (const room of this.rooms.values()) {
      if (room.nextExpiry <= now && room.expire(now)) this.show(room);
      next = Math.min(next, room.nextExpiry);
    }
    clearTimeout(this.timer);
    if (next === Infinity) return;
    const wait = Math.max(EXPIRY_MIN_MS, timerOf(next - now));
    this.timer = setTimeout(() => this.watchExpiry(), wait);
  }

  /** All is asked for anew; what only this device has stays. */
  beginAnew() {
    const old = [...this.rooms.values()];
    this.clear();
    for (const { id, pending, wanted, data } of old) {
      this.options.keep(`c/${id}`);
      this.options.events.touch(id);
      if (!pending.size && !Object.keys(wanted).length) continue;
      const room = this.room(id);
      Object.assign(room, { pending, wanted });
      room.set({ draft: data.draft });
    }
  }

  clear() {
    clearTimeout(this.timer);
    this.rooms.clear();
    this.conversations.clear();
    this.options.events.touch('list');
  }

  /** @param {string} conversation_id @returns {any} null: nothing is to be kept of it */
  snapshot(conversation_id) {
    return this.rooms.get(conversation_id)?.snapshot(KEPT_MESSAGES) ?? null;
  }

  /** Throws when they are not what snapshot() gave for this person. @param {Record<string, any>} kept snapshots by
   * conversation_id */
  restore(kept) {
    for (const [id, snapshot] of Object.entries(kept)) {
      const { me, data } = snapshot;
      // A tab that heard too late of a log-out may have left it. The cursor beside it would be of no use.
      const isOurs = me === this.me && data.conversation_id === id && data.last_seq >= 0;
      if (!isOurs) throw new Error(`what is kept of ${id} is not ours`);
      const room = this.room(id);
      room.restore(snapshot, this.options.now());
      this.conversations.set(id, room.data);
      this.options.events.touch(id);
    }
    this.options.events.touch('list');
    this.watchExpiry();
  }
}
