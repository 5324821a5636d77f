/**
 * A WebSocket that comes back: connects, notices that it is dead, and tries again after 1 s, 2 s, 4 s … 30 s,
 * each with some chance added. What goes over it is its owner's to know.
 */

import { since } from './clock.js';

const DELAY_MS = 1000;
const DELAY_MAX_MS = 30_000;
/** As docs/protocol.md asks for. */
const HEARTBEAT_MS = 25_000;
/** After such a silence, several heartbeats have had no answer, or this machine has slept: see whether it lives. */
const SILENT_MS = 60_000;
/** How soon a heartbeat must be answered then, or when somebody is waiting: the page has just come back to sight. */
const WAITED_FOR_MS = 5000;
/** An upgrade that is not answered by then never will be. */
const OPEN_MS = 15_000;

/** @param {string} text @returns {any} null: it is no frame, and says nothing */
function parse(text) {
  try {
    const frame = JSON.parse(text);
    return typeof frame?.type === 'number' ? frame : null;
  } catch {
    return null;
  }
}

export class Socket {
  /**
   * @param {{WebSocket: typeof WebSocket,
   *   prepare: () => Promise<{url: string, protocols?: string[]} | null>,
   *   onConnecting: () => void, onOpen: () => void, onFrame: (frame: any) => void,
   *   onClose: (code: number) => boolean}} options
   *   prepare says where to connect, now (null: nowhere any more; rejected: later). onClose is told of each end, also
   *   of what never opened (1006), and says whether to try again
   */
  constructor(options) {
    this.options = options;
    this.isWanted = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempts = 0;
    this.heard = 0;
    /** How many frames ever came. */
    this.frames = 0;
    this.isPreparing = false;
    /** It was asked whether it lives, and there is still time to answer. */
    this.isDoubted = false;
    /** @type {any} */
    this.timer = null;
    /** @type {any} */
    this.beat = null;
    /** @type {any} */
    this.openTimer = null;
  }

  start() {
    if (this.isWanted) return;
    this.isWanted = true;
    this.attempts = 0;
    this.#connect();
  }

  stop() {
    this.isWanted = false;
    clearTimeout(this.timer);
    this.#drop(1000);
  }

  /** From now on a lost connection is tried again after 1 s: this one has proved good. */
  settle() {
    this.attempts = 0;
  }

  /** @param {object} frame @returns {boolean} false: there is no connection */
  send(frame) {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Somebody is waiting, or the network may have come back: try at once, or see whether the socket lives. */
  poke() {
    if (!this.isWanted) return;
    if (this.socket === null) {
      clearTimeout(this.timer);
      this.#connect();
    } else if (this.socket.readyState === 1 && !this.isDoubted) {
      const { frames } = this;
      this.#sendHeartbeat();
      clearTimeout(this.timer);
      this.isDoubted = true;
      this.timer = setTimeout(() => {
        this.isDoubted = false;
        if (this.frames === frames) this.#end(1006);
      }, WAITED_FOR_MS);
    }
  }

  /** End the connection, and come back. */
  renew() {
    this.#end(1006);
  }

  async #connect() {
    this.options.onConnecting();
    if (this.isPreparing) return;
    this.isPreparing = true;
    let place;
    try {
      place = await this.options.prepare();
    } catch {
      this.isPreparing = false;
      if (this.isWanted) this.#end(1006);
      return;
    }
    this.isPreparing = false;
    if (place && this.isWanted) this.#open(place);
  }

  /** @param {{url: string, protocols?: string[]}} place */
  #open({ url, protocols = [] }) {
    const socket = new this.options.WebSocket(url, protocols);
    this.socket = socket;
    this.heard = Date.now();
    this.openTimer = setTimeout(() => this.#end(1006), OPEN_MS);
    socket.onopen = () => {
      clearTimeout(this.openTimer);
      this.beat = setInterval(() => this.#heartbeat(), HEARTBEAT_MS);
      this.options.onOpen();
    };
    socket.onmessage = ({ data }) => {
      this.heard = Date.now();
      this.frames += 1;
      const frame = parse(data);
      if (frame) this.options.onFrame(frame);
    };
    socket.onclose = ({ code }) => this.#end(code);
    socket.onerror = () => {}; // the close comes behind it
  }

  /** Of a page that nobody sees, browsers let timers run once a minute: the silence may be our own. */
  #heartbeat() {
    if (since(this.heard) > SILENT_MS) this.poke();
    else this.#sendHeartbeat();
  }

  #sendHeartbeat() {
    this.send({ type: 99, content: { timestamp: Date.now() } });
  }

  /** The socket goes without being waited for: a dead one may take minutes to close. */
  #drop(code) {
    this.isDoubted = false;
    clearInterval(this.beat);
    clearTimeout(this.openTimer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState < 2) socket.close(code === 1000 ? 1000 : 4000);
  }

  #end(code) {
    this.#drop(code);
    clearTimeout(this.timer);
    if (!this.options.onClose(code) || !this.isWanted) {
      this.isWanted = false;
      return;
    }
    const delay = Math.min(DELAY_MAX_MS, DELAY_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.timer = setTimeout(() => this.#connect(), delay * (1 + Math.random() / 2));
  }
}
