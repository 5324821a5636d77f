/**
 * Changes of messages: over HTTP, which says what became of each. The change itself comes as it comes to everybody,
 * by a frame in its order, or by sync.
 */
import { pathOf } from './histories.js';
import { ParleyError } from './http.js';

/** A change that was stored is in by then, or sync brings it, ms. */
const APPLIED_MS = 2000;

export class Changes {
  /**
   * @param {{request: (method: string, path: string, more?: object) => Promise<any>,
   *   model: import('./model.js').Model, line: import('./line.js').Line, events: import('./events.js').Events}} options
   */
  constructor(options) {
    this.options = options;
    /** @type {Map<string, Promise<void>>} the last one that is on its way, by message_id */
    this.last = new Map();
  }

  /**
   * One change of a message after the other.
   * @param {{message_id: string, conversation_id: string, seq?: number}} message
   * @param {string} method @param {string} tail of the path @param {{query?: object, body?: object}} [more]
   * @returns {Promise<void>} resolved when it shows; rejected when the server refuses, or the network is away
   */
  async make(message, method, tail, more) {
    if (!message.seq) throw new ParleyError('the message is not sent yet', { code: 40903, status: 409 });
    const { message_id } = message;
    const done = this.#after(this.last.get(message_id), message, method, tail, more);
    this.last.set(message_id, done);
    try {
      await done;
    } finally {
      if (this.last.get(message_id) === done) this.last.delete(message_id);
    }
  }

  async #after(before, message, method, tail, more) {
    await before?.catch(() => {}); // its own caller has been told
    const { request, model, line, events } = this.options;
    const { change_seq = 0 } = await request(method, pathOf(message) + tail, more);
    const room = model.room(message.conversation_id);
    const isIn = () => room.data.change_seq >= change_seq || line.state !== 'live';
    if (!await events.until(isIn, APPLIED_MS)) await line.sync('message');
  }
}
