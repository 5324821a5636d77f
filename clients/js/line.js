/**
 * The live side: the connection, catching up, and what each frame does to the model. The five rules of
 * docs/protocol.md ("How nothing is lost and nothing doubled") are kept here and in room.js.
 *
 * @typedef {'stopped' | 'offline' | 'connecting' | 'syncing' | 'live' | 'ended'} State
 */
import { ParleyError } from './http.js';
import { CHANGES, DELIVERED, READ, SYSTEM } from './room.js';
import { Socket } from './socket.js';

const ACK = 30;
const TYPING = 33;
const OTHERS_DELIVERED = 36;
const PRESENCE = 40;

/** Frames overtake each other by less, ms. */
const GAP_MS = 1000;
/** A gap that answers leave open is asked about again after 1 s, 2 s, 4 s …, at most this, ms. */
const GAP_MAX_MS = 60_000;
/** Sync that is not answered is asked for again after 1 s, 2 s, 4 s …, at most this, ms. */
const AGAIN_MAX_MS = 10_000;
/** A page that leads no further is asked for again after this, ms. */
const NO_WAY_MS = 1000;
/** A device that is online for long syncs now and then: after so many frames. */
const SYNC_FRAMES = 500;
/** Without a cursor, the first page is to be there soon; later ones are full. */
const FIRST_PAGE = 30;
const PAGE = 100;
/** Frames that wait for an answer; with more, it is cheaper to catch up anew. */
const ASIDE_MAX = 5000;
/** Of many messages that come at once, only the last is told as delivered. */
const DELIVERED_MS = 300;
/** The server closes the sockets of a session within a second of its end. */
const OVER_MS = 3000;
/** How long the reason that session.ended gave may be that of a close. */
const REASON_MS = 5000;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Line {
  /**
   * @param {{WebSocket: typeof WebSocket, prepare: () => Promise<any>, now: () => number,
   *   request: (method: string, path: string, more?: object) => Promise<any>,
   *   events: import('./events.js').Events, model: import('./model.js').Model,
   *   outbox: import('./outbox.js').Outbox, people: import('./people.js').People,
   *   keep: (key: string) => void, onLive: () => void, onEnd: (reason: string) => void}} options
   *   prepare: as socket.js has it; onLive: caught up after a connect; onEnd: the session is over
   */
  constructor(options) {
    this.options = options;
    /** @type {State} */
    this.state = 'stopped';
    /** @type {string | null} */
    this.cursor = null;
    this.socket = new Socket({
      WebSocket: options.WebSocket, prepare: options.prepare, onConnecting: () => this.#set('connecting'),
      onOpen: () => this.#opened(), onFrame: (frame) => this.#frame(frame),
      onClose: (code) => this.#closed(code),
    });
    /** Counts connections: what was asked for within an older one is not taken. */
    this.connection = 0;
    /** @type {Promise<void> | null} */
    this.syncing = null;
    this.syncAgain = false;
    /** Questions in a row that had no answer. */
    this.failures = 0;
    this.isAsking = false;
    this.aside = [];
    this.frames = 0;
    this.gapTimer = null;
    this.deliveredTimers = new Map();
    this.lastReason = { reason: '', time: 0 };
  }

  start() {
    this.socket.start();
  }

  /** @param {State} state 'stopped' or 'ended' */
  stop(state) {
    this.#leave();
    this.socket.stop();
    for (const timer of this.deliveredTimers.values()) clearTimeout(timer);
    this.deliveredTimers.clear();
    this.#set(state);
  }

  /** No token of ours is good any more. Who has a socket open is about to hear why, by session.ended. */
  over() {
    const { connection } = this;
    if (!this.isOpen) this.options.onEnd('expired');
    else setTimeout(() => connection === this.connection && this.options.onEnd('expired'), OVER_MS);
  }

  /** Frames, and answers that are on their way, belong to what was before. */
  #leave() {
    this.connection += 1;
    this.options.outbox.close();
    clearTimeout(this.gapTimer);
    this.gapTimer = null;
  }

  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.options.events.touch('state');
  }

  get isOpen() {
    return this.state === 'syncing' || this.state === 'live';
  }

  async #opened() {
    this.connection += 1;
    this.aside = [];
    this.isAsking = true; // nothing can be put in its place before the first answer
    this.#set('syncing');
    const { connection } = this;
    await this.sync('missed');
    if (connection !== this.connection) return;
    this.socket.settle();
    this.#set('live');
    this.options.people.refresh();
    this.#sendAgain();
    this.#minGap();
    this.options.onLive();
  }

  #closed(code) {
    this.#leave();
    if (code === 1008 || code === 4401) {
      const { reason, time } = this.lastReason;
      const fallback = code === 4401 ? 'logout' : 'ended';
      this.options.onEnd(Date.now() - time < REASON_MS ? reason : fallback);
      return false;
    }
    this.#set('offline');
    return true;
  }

  /** What has no ack, and what has none by its nature. */
  #sendAgain() {
    this.options.outbox.open();
    for (const room of this.options.model.rooms.values()) {
      if (room.data.read_seq > room.toldRead) this.tellRead(room);
      this.#tellDelivered(room);
    }
  }

  /** @param {import('./room.js').Room} room */
  tellRead(room) {
    this.socket.send({ type: READ, conversation_id: room.id, seq: room.data.read_seq });
  }

  /** In private conversations; who has read has it. */
  #tellDelivered({ id, data }) {
    if (!data.peer || data.last_seq <= data.read_seq || this.state !== 'live') return;
    this.socket.send({ type: DELIVERED, conversation_id: id, seq: data.last_seq });
  }

  #tellDeliveredSoon(room) {
    if (!room.data.peer || this.deliveredTimers.has(room.id)) return;
    this.deliveredTimers.set(room.id, setTimeout(() => {
      this.deliveredTimers.delete(room.id);
      this.#tellDelivered(room);
    }, DELIVERED_MS));
  }

  // ---- Catching up

  /**
   * All that has changed since the cursor; one at a time.
   * @param {'message' | 'missed'} name the event for what is new
   * @returns {Promise<void>}
   */
  sync(name) {
    if (this.syncing) this.syncAgain = true;
    this.syncing ??= this.#syncPages(name);
    return this.syncing;
  }

  async #syncPages(name) {
    await null; // so that this.syncing is set before it is reset
    for (let more = true; more && this.isOpen;) {
      this.syncAgain = false;
      this.isAsking = true;
      const { connection, cursor } = this;
      const page = await this.#askForPage();
      if (connection !== this.connection) continue; // a newer connection has its own frames: ask again
      if (page) this.#takePage(page, name);
      this.#takeAside();
      more = !page || page.has_more || this.syncAgain;
      if (page?.has_more && page.cursor === cursor) await pause(NO_WAY_MS);
    }
    this.syncing = null;
  }

  #takeAside() {
    this.isAsking = false;
    const { aside } = this;
    this.aside = [];
    for (const frame of aside) this.#frame(frame);
  }

  /** @returns {Promise<any>} null: once more */
  async #askForPage() {
    const { cursor } = this;
    const query = { cursor, limit: cursor ? PAGE : FIRST_PAGE };
    try {
      const page = await this.options.request('GET', '/api/sync', { query });
      this.failures = 0;
      if (Array.isArray(page?.conversations)) return page;
      throw new ParleyError('an answer that is no page of sync');
    } catch (fault) {
      if (fault.code === 40001 && cursor) this.#beginAnew();
      else await pause(Math.max((fault.retryAfter ?? 0) * 1000, Math.min(AGAIN_MAX_MS, 1000 * 2 ** this.failures)));
      this.failures += 1;
      return null;
    }
  }

  /** The cursor is not known any more. */
  #beginAnew() {
    this.cursor = null;
    this.options.model.beginAnew();
  }

  #takePage(page, name) {
    const isFirst = this.cursor === null;
    const { model, now } = this.options;
    this.cursor = page.cursor;
    this.frames = 0;
    for (const given of page.conversations) {
      this.#try(() => {
        const room = model.room(given.conversation_id);
        const came = [...room.sync(given, now()), ...room.goOn(now())];
        model.show(room);
        if (!isFirst) this.#announce(room, came, name);
      });
    }
    this.options.keep('cursor');
    model.watchExpiry();
  }

  #announce(room, came, name) {
    const others = came.filter(({ from, msg_type }) => from !== this.options.model.me && msg_type !== SYSTEM);
    for (const { seq, from } of others) {
      this.options.people.endTyping(room.id, from);
      const message = room.messages.get(seq);
      if (message && !message.recalled_at) this.options.events.emit(name, message);
    }
    if (others.length) this.#tellDeliveredSoon(room);
  }

  // ---- Frames

  #frame(frame) {
    const isOfNow = frame.type === TYPING || frame.type === PRESENCE || frame.content?.event === 'session.ended';
    if (this.isAsking && !isOfNow) {
      this.aside.push(frame);
      if (this.aside.length > ASIDE_MAX) this.socket.renew();
      return;
    }
    this.#try(() => this.#handle(frame));
    this.frames += 1;
    if (this.frames > SYNC_FRAMES && this.state === 'live') this.sync('message');
  }

  /** What cannot be understood is told of, and stops nothing else. @param {() => void} work */
  #try(work) {
    try {
      work();
    } catch (fault) {
      this.options.events.emit('fault', fault);
    }
  }

  #handle(frame) {
    const { type } = frame;
    const { people, events } = this.options;
    if (type === 1 || type === 2 || CHANGES.has(type)) this.#take(frame);
    else if (type === ACK) this.#ack(frame);
    else if (type === READ || type === OTHERS_DELIVERED) this.#receipt(frame);
    else if (type === SYSTEM) this.#event(frame.content);
    else if (type === TYPING) this.#typing(frame);
    else if (type === PRESENCE) {
      people.setPresence(frame);
      events.emit('presence', frame);
    }
  }

  #take(frame) {
    const { model, now } = this.options;
    const room = model.room(frame.conversation_id);
    const came = room.take(frame, now());
    if (came.length) room.isKnown = true;
    model.show(room);
    this.#announce(room, came, 'message');
    if (frame.expires_at) model.watchExpiry();
    this.#minGap();
  }

  /** A gap that is still there after a while is asked about. @param {number} [tries] that left it open */
  #minGap(tries = 0) {
    if (this.gapTimer || this.state !== 'live' || !this.options.model.hasGap()) return;
    this.gapTimer = setTimeout(async () => {
      this.gapTimer = null;
      if (!this.options.model.hasGap()) return;
      await this.sync('message');
      this.#minGap(tries + 1); // if the answer came too early
    }, Math.min(GAP_MAX_MS, GAP_MS * 2 ** Math.max(0, tries - 1)));
  }

  /** The ack of one's own message is the message. */
  #ack(ack) {
    const { model, outbox } = this.options;
    const entry = outbox.ack(ack);
    if (!entry) return;
    const room = model.room(entry.conversation_id);
    const { blob_url } = room.pending.get(entry.message_id) ?? {};
    const { seq, timestamp, expires_at, conversation_id } = ack;
    const message = {
      ...entry.frame, from: model.me, conversation_id, seq, timestamp,
      ...(expires_at ? { expires_at } : {}), ...(blob_url ? { blob_url } : {}),
    };
    room.pending.set(entry.message_id, { ...message, state: 'sent' }); // it may wait behind a gap
    this.#take(message);
  }

  #receipt({ conversation_id, from, seq, type }) {
    const room = this.options.model.rooms.get(conversation_id);
    if (!room) return;
    room.receipt(from, type === READ ? seq : 0, seq);
    this.options.model.show(room);
  }

  #typing({ conversation_id, from }) {
    if (from === this.options.model.me) return;
    this.options.people.startTyping(conversation_id, from);
    this.options.events.emit('typing', { conversation_id, user_id: from });
  }

  // ---- System frames

  #event(content) {
    const { events, model, people } = this.options;
    const isFriend = content.event.startsWith('friend.');
    const room = model.rooms.get(content.conversation_id ?? '');
    if (room) this.#eventOf(room, content);
    if (content.event === 'resync') this.#resync();
    if (content.event === 'session.ended') this.lastReason = { reason: content.reason, time: Date.now() };
    if (isFriend) people.forget(content.user_id);
    events.emit(isFriend ? 'friend' : 'system', content);
  }

  #eventOf(room, content) {
    const { event, message_ids = [] } = content;
    if (event === 'conversation.updated') room.settings(content);
    else if (event === 'conversation.trimmed') room.trim(content.first_seq);
    else if (event === 'message.hidden') room.remove(message_ids, true);
    else if (event === 'message.expired') room.remove(message_ids);
    this.options.model.show(room);
    if (room.isBare()) this.sync('message');
  }

  async #resync() {
    const { connection } = this;
    await this.sync('message');
    if (connection === this.connection && this.state === 'live') this.#sendAgain();
  }
}
