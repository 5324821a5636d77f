/**
 * Keeps what a reload begins with: the session, the cursor of sync, conversations with their newest messages, and
 * the outbox.
 *
 * A storage is an object with
 *   load(): Promise<Record<string, any>>         all entries
 *   write(entries): Promise<void>                put them, all or none; null removes one
 *   clear(): Promise<void>                       remove all
 *   lock?: string                                pages: the name of the Web Lock whose holder alone writes the
 *                                                cursor and the conversations; the outbox is every tab's own
 *   isOrdered?: boolean                          it takes calls while others are under way, and carries them out in
 *                                                their order; else one is made when the one before has ended
 * Keys are texts: 'session', 'cursor', 'c/<conversation_id>', 'o/<message_id>'. Values are what structured cloning
 * takes: plain objects, and a Blob in the 'o/' of a file on its way.
 *
 * @typedef {{load: () => Promise<Record<string, any>>, write: (entries: Record<string, any>) => Promise<void>,
 *   clear: () => Promise<void>, lock?: string, isOrdered?: boolean}} Storage
 */

/** Conversations change with each message; what is lost by a death meanwhile, sync brings again. */
const PAUSE_MS = 500;

/** Belongs to the holder of the lock. @param {string} key */
const isShared = (key) => key === 'cursor' || key.startsWith('c/');

export class Keeper {
  /**
   * @param {Storage | undefined} storage
   * @param {{value: (key: string) => any, onHolder: () => void, onFault: (fault: Error) => void}} options
   *   value: what is to be kept now, null for nothing; onHolder: the lock is ours from now on
   */
  constructor(storage, options) {
    this.storage = storage;
    this.options = options;
    this.isHolder = !storage?.lock;
    this.marked = new Set();
    /** @type {any} */
    this.timer = null;
    this.writing = Promise.resolve();
    if (storage?.lock) this.#waitForLock(storage.lock);
  }

  #waitForLock(name) {
    // Held until the page goes: the promise never ends. Without Web Locks no tab may write for all, and a reload
    // begins anew; what is on its way is kept all the same.
    globalThis.navigator?.locks?.request(name, () => new Promise(() => {
      this.isHolder = true;
      this.options.onHolder();
    })).catch(this.options.onFault);
  }

  async load() {
    try {
      return (await this.storage?.load()) ?? {};
    } catch (fault) {
      this.options.onFault(fault);
      return {};
    }
  }

  /** It has changed. @param {string} key */
  mark(key) {
    if (!this.storage || (isShared(key) && !this.isHolder)) return;
    this.marked.add(key);
    if (!isShared(key)) {
      this.flush(); // what somebody typed, and who he is
      return;
    }
    this.timer ??= setTimeout(() => this.flush(), PAUSE_MS);
  }

  /** Write what has changed; resolved when it is kept. */
  flush() {
    clearTimeout(this.timer);
    this.timer = null;
    const own = this.#inOrder(() => this.#writeOwn());
    this.writing = Promise.all([this.writing, own]).then(() => this.#writeShared());
    return this.writing;
  }

  /** Soon, but after all that is said in one go. Where it can be, not after a write under way: the page may be gone by then. */
  #inOrder(work) {
    return (this.storage?.isOrdered ? Promise.resolve() : this.writing).then(work);
  }

  /** All at once; but a file for which there is no room keeps no text out. */
  async #writeOwn() {
    const own = this.#take((key) => !isShared(key));
    if (!await this.#put(own)) for (const key of own) await this.#put([key]);
  }

  /** No cursor may be kept later without the conversations that it has left behind. */
  async #writeShared() {
    const shared = this.#take(isShared);
    if (!await this.#put(shared)) for (const key of shared) this.marked.add(key);
  }

  #take(isWanted) {
    const keys = [...this.marked].filter(isWanted);
    for (const key of keys) this.marked.delete(key);
    return keys;
  }

  /** @param {string[]} keys @returns {Promise<boolean>} all are kept */
  async #put(keys) {
    if (!keys.length) return true;
    try {
      await this.storage?.write(Object.fromEntries(keys.map((key) => [key, this.options.value(key)])));
      return true;
    } catch (fault) {
      this.options.onFault(fault);
      return false;
    }
  }

  /** Nothing is kept any more. */
  clear() {
    this.marked.clear();
    clearTimeout(this.timer);
    this.timer = null;
    const cleared = this.#inOrder(() => this.storage?.clear()).catch(this.options.onFault);
    this.writing = Promise.all([this.writing, cleared]).then(() => {});
    return this.writing;
  }
}
