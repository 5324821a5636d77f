/** Pages of history, into the stretches of the model. */
import { partner } from './room.js';

/** Messages of a page. */
const LIMIT = 50;
/** How long a question about a conversation waits for the list that is still coming, ms. */
const KNOWN_MS = 15_000;

/** @param {{conversation_id: string, message_id: string}} message */
export function pathOf({ conversation_id, message_id }) {
  return `/api/conversations/${encodeURIComponent(conversation_id)}/messages/${encodeURIComponent(message_id)}`;
}

export class Histories {
  /**
   * @param {{request: (method: string, path: string, more?: object) => Promise<any>, now: () => number,
   *   model: import('./model.js').Model, events: import('./events.js').Events, getState: () => string}} options
   */
  constructor(options) {
    this.options = options;
    /** @type {Map<string, Promise<void>>} questions on their way, by what is asked */
    this.asked = new Map();
  }

  /** While the list is still coming, a conversation may be there that is not known yet. */
  async #untilKnown(id) {
    const { events, model, getState } = this.options;
    const isKnown = () => model.rooms.get(id)?.isKnown === true;
    const isComing = () => ['connecting', 'syncing'].includes(getState());
    await events.until(() => isKnown() || !isComing(), KNOWN_MS);
  }

  /**
   * @param {string} id conversation_id
   * @param {Record<string, number>} query
   * @param {(page: any, newest: number) => {low: number, high: number}} cover the stretch that a page is; newest: a
   *   page that goes to the end goes so far
   * @returns {Promise<void>} one for all who ask the same
   */
  #load(id, query, cover) {
    const key = `${id} ${JSON.stringify(query)}`;
    const known = this.asked.get(key);
    if (known) return known;
    const asked = this.#ask(id, query, cover).finally(() => this.asked.delete(key));
    this.asked.set(key, asked);
    return asked;
  }

  async #ask(id, query, cover) {
    await this.#untilKnown(id);
    const { request, model, now } = this.options;
    const room = model.room(id);
    const { user_id, group_id } = partner(id, model.me);
    const path = `/api/messages/${group_id ? `group/${encodeURIComponent(group_id)}` : `private/${encodeURIComponent(user_id)}`}`;
    const newest = room.data.last_seq;
    const isGood = room.ask();
    try {
      const page = await request('GET', path, { query: { limit: LIMIT, ...query } });
      if (isGood()) room.page(page.messages, cover(page, Math.max(newest, page.messages.at(-1)?.seq ?? 0)), now());
    } finally {
      room.answered();
    }
    model.watchExpiry();
    model.show(room);
  }

  /** The newest messages, unless they are loaded. @param {string} id */
  async newest(id) {
    await this.#untilKnown(id);
    if (this.options.model.rooms.get(id)?.span()) return;
    await this.#load(id, { last_seq: 0 }, ({ messages, has_more }, high) =>
      ({ low: has_more ? messages[0].seq : 0, high }));
  }

  /** @param {string} id @param {number} seq */
  before(id, seq) {
    return this.#load(id, { last_seq: seq }, ({ messages, has_more }) =>
      ({ low: has_more ? messages[0].seq : 0, high: seq - 1 }));
  }

  /** @param {string} id @param {number} seq */
  after(id, seq) {
    return this.#load(id, { after_seq: seq }, ({ messages, has_more }, newest) =>
      ({ low: seq + 1, high: has_more ? messages.at(-1).seq : newest }));
  }

  /** @param {string} id @param {number} seq */
  around(id, seq) {
    return this.#load(id, { around_seq: seq }, ({ messages, has_more_before, has_more_after }, newest) => ({
      low: has_more_before ? messages[0].seq : 0, high: has_more_after ? messages.at(-1).seq : newest,
    }));
  }

  /** One message, by itself. @param {string} id @param {string} message_id */
  async message(id, message_id) {
    const { request, model, now } = this.options;
    await this.#untilKnown(id);
    const known = model.rooms.get(id)?.find(message_id);
    if (known) return known;
    const room = model.room(id);
    const isGood = room.ask();
    let message;
    try {
      message = await request('GET', pathOf({ conversation_id: id, message_id }));
      // One that is newer than all we know comes in its order.
      if (isGood() && message.seq <= room.data.last_seq) room.put(message, now());
    } catch (fault) {
      if (fault.code === 40401) room.remove([message_id]); // all are told of a pin, also who may not see the message
      model.show(room);
      throw fault;
    } finally {
      room.answered();
    }
    model.watchExpiry();
    model.show(room);
    return room.find(message_id) ?? message;
  }
}
