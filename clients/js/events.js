/** Listeners by name; and topics of which many changes at once are told as one. */

import { since } from './clock.js';

/** Listeners hear of changes at most this often, ms. */
const TELL_MS = 16;

export class Events {
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {Set<string>} */
  #topics = new Set();
  #told = 0;
  /** @type {any} */
  #timer = null;
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {string} name @param {Function} fn @returns {() => void} listens no more */
  on(name, fn) {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(fn));
    return () => { all.delete(fn); };
  }

  /** @param {string} name @param {...any} values */
  emit(name, ...values) {
    for (const fn of [...this.#listeners.get(name) ?? []]) {
      try {
        fn(...values);
      } catch (fault) {
        // A listener's mistake is its own: it must stop neither the others nor us.
        queueMicrotask(() => { throw fault; });
      }
    }
  }

  /**
   * Something of the topic is new: 'change' is told soon, once.
   * @param {string} topic @param {boolean} [at_once] whoever drew meanwhile would draw of somebody who is not any more
   */
  touch(topic, at_once = false) {
    this.#topics.add(topic);
    for (const look of [...this.#waiting]) look();
    if (at_once) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), Math.max(0, TELL_MS - since(this.#told)));
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#told = Date.now();
    const topics = [...this.#topics];
    this.#topics.clear();
    for (const topic of topics) this.emit('change', topic);
  }

  /**
   * Wait until the condition is true; it is looked at whenever something is touched.
   * @param {() => boolean} condition @param {number} [ms] no longer than this
   * @returns {Promise<boolean>} it came true
   */
  until(condition, ms) {
    return new Promise((resolve) => {
      /** @type {any} */
      let timer = null;
      const end = (/** @type {boolean} */ value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(value);
      };
      const look = () => { if (condition()) end(true); };
      if (ms !== undefined) timer = setTimeout(() => end(false), ms);
      this.#waiting.add(look);
      look();
    });
  }
}
