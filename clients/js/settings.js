/**
 * What one sets of a conversation for oneself: in effect here at once, and told to the server as soon as it can hear.
 * Until then it stands over what the server says (room.wanted), also after a reload.
 */
import { TRY_AGAIN } from './http.js';

/** When the server could not take it, it is told again after this, ms, if no reconnect comes first. */
const AGAIN_MS = 5000;

export class Settings {
  /**
   * @param {{request: (method: string, path: string, more?: object) => Promise<any>,
   *   model: import('./model.js').Model, onFault: (fault: Error) => void}} options
   *   onFault: what was set before is refused now
   */
  constructor(options) {
    this.options = options;
    /** @type {any} */
    this.timer = null;
    /** The last one that was told of each room, or is to be. @type {WeakMap<object, Promise<boolean>>} */
    this.last = new WeakMap();
  }

  /**
   * @param {string} conversation_id @param {{pinned?: boolean, muted?: boolean, draft?: string}} wanted
   * @returns {Promise<boolean>} whether the server has it; it hears of it later if it is away. Rejected when it
   *   refuses
   */
  async set(conversation_id, wanted) {
    const room = this.options.model.room(conversation_id);
    room.wanted = { ...room.wanted, ...wanted };
    room.set(wanted);
    this.options.model.show(room);
    return this.#tell(room);
  }

  /** All that the server has not heard of. */
  tellAll() {
    for (const room of this.options.model.rooms.values()) {
      if (Object.keys(room.wanted).length) this.#tell(room).catch(this.options.onFault);
    }
  }

  /** One after the other: of two on their way at once the server might keep the older. */
  #tell(room) {
    const told = this.#tellAfter(this.last.get(room), room);
    this.last.set(room, told);
    return told;
  }

  async #tellAfter(before, room) {
    if (before) await before.catch(() => {});
    const { wanted } = room;
    if (before && !Object.keys(wanted).length) return before; // it has been told with what was set before
    const path = `/api/conversations/${encodeURIComponent(room.id)}`;
    try {
      await this.options.request('PATCH', path, { body: wanted });
    } catch (fault) {
      // A conversation begins with its first message: until then a draft is here alone.
      if (fault.code === 40401 && !room.isKnown) return false;
      if (TRY_AGAIN.has(fault.code)) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.tellAll(), AGAIN_MS);
        return false;
      }
      this.#told(room, wanted);
      throw fault;
    }
    this.#told(room, wanted);
    return true;
  }

  /** What was not set again meanwhile is the server's to say from now on. */
  #told(room, wanted) {
    const rest = Object.entries(room.wanted).filter(([key, value]) => wanted[key] !== value);
    room.wanted = Object.fromEntries(rest);
    this.options.model.show(room);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
