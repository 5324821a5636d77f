/**
 * Parley for pages and for programs (Node 20.10 or later): docs/js.md is the manual.
 *
 *     import { Parley } from '/js/parley.js';
 *     const parley = new Parley();
 *     await parley.login({ username: 'ada', password: 'correct horse battery' });
 *     parley.on('message', (message) => parley.send(message.conversation_id, { text: 'I see.' }));
 *     await parley.start();
 *
 * @typedef {import('./types.d.ts').Message} Message
 * @typedef {import('./types.d.ts').Conversation} Conversation
 * @typedef {string | {user_id: string} | {group_id: string}} Address a conversation_id, a person, or a group
 */
import { Http, ParleyError } from './http.js';
import { Keeper } from './keeper.js';
import { Outbox } from './outbox.js';
import { People } from './people.js';
import { CHANGES, READ, Room, partner } from './room.js';
import { Socket } from './socket.js';

export { ParleyError };

const SYSTEM = 3;
const ACK = 30;
const DELIVERED = 30;
const TYPING = 33;
const OTHERS_DELIVERED = 36;
const PRESENCE = 40;

/** Frames overtake each other by less, ms. */
const GAP_MS = 1000;
/** A device that is online for long syncs now and then: after so many frames. */
const SYNC_FRAMES = 500;
/** Without a cursor, the first page is to be there soon; later ones are full. */
const FIRST_PAGE = 30;
const PAGE = 100;
const HISTORY = 50;
/** Frames that wait for an answer; more than that, and catching up anew is cheaper. */
const ASIDE_MAX = 5000;
/** Listeners hear of changes at most this often, ms. */
const TELL_MS = 16;
/** Messages of a conversation that storage keeps. */
const KEPT_MESSAGES = 30;
/** A change is in at the latest by then, or sync brings it, ms. */
const APPLIED_MS = 2000;
/** The server passes no more on. */
const TYPING_MS = 1000;
/** Of many messages that come at once, only the last is told as delivered. */
const DELIVERED_MS = 300;
/** setTimeout takes no more. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** A token is exchanged so long before its end, and no sooner than this after the last, ms. */
const REFRESH_AHEAD_MS = 60_000;
const REFRESH_MIN_MS = 30_000;
/** Addresses of local previews that live at a time. */
const PREVIEWS_MAX = 50;
const SESSION_OVER = new Set([40101, 40102, 40103]);
const IN_PAGE = typeof document !== 'undefined';

const pause = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `m_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export class Parley {
  #http;
  #socket;
  #outbox;
  #people;
  #keeper;
  #device;
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  #topics = new Set();
  #told = 0;
  #telling = null;
  /** @type {string | null} */
  #cursor = null;
  /** Counts connections: what an older one asked for is not taken. */
  #connection = 0;
  /** @type {Promise<void> | null} */
  #syncing = null;
  #syncAgain = false;
  #isAsking = false;
  #aside = [];
  #frames = 0;
  #gapTimer = null;
  #refreshTimer = null;
  #expiryTimer = null;
  #loading = new Map();
  #changing = new Map();
  #typed = new Map();
  #deliveredTimers = new Map();
  #previews = [];
  #waiters = new Set();
  #lastReason = '';

  /**
   * @param {{url?: string, device?: string, cookies?: boolean, storage?: import('./keeper.js').Storage,
   *   WebSocket?: typeof WebSocket, fetch?: typeof fetch}} [options] all may be left out in a page.
   *   url: the origin; device: what one's list of sessions calls this one; cookies: the session is in cookies
   *   (default in a page), and no token is held; storage: keeper.js says what it is
   */
  constructor({ url, device = 'Parley for JavaScript', cookies = IN_PAGE, storage, ...more } = {}) {
    this.#device = device;
    /** @type {'stopped' | 'offline' | 'connecting' | 'syncing' | 'live' | 'ended'} */
    this.state = 'stopped';
    /** @type {any} one's own profile, with role; null: nobody is logged in */
    this.me = null;
    this.endedReason = '';
    /** @type {Map<string, Conversation>} */
    this.conversations = new Map();
    this.#http = new Http({
      url: url ?? (IN_PAGE ? location.origin : 'http://127.0.0.1:8080'), cookies,
      fetch: more.fetch ?? globalThis.fetch.bind(globalThis), onSession: (session) => this.#begun(session),
    });
    this.#socket = new Socket({
      WebSocket: more.WebSocket ?? globalThis.WebSocket, prepare: () => this.#prepare(),
      onConnecting: () => this.#setState('connecting'), onOpen: () => this.#opened(),
      onFrame: (frame) => this.#frame(frame), onClose: (code) => this.#closed(code),
    });
    this.#people = new People({
      request: (method, path, query) => this.request(method, path, query), onPeople: () => this.#touch('people'),
      onProfile: (profile) => this.#named(profile), onTyping: (id) => this.#touch(id),
    });
    this.#outbox = new Outbox({
      transmit: (frame) => this.#socket.send(frame), upload: (blob, how) => this.upload(blob, how),
      onChange: (entry) => this.#showPending(entry), onProgress: (...how) => this.#showProgress(...how),
      keep: ({ message_id }) => this.#keeper.mark(`o/${message_id}`),
      forget: ({ message_id }) => this.#keeper.mark(`o/${message_id}`),
    });
    this.#keeper = new Keeper(storage, {
      value: (key) => this.#kept(key), onHolder: () => this.#becomeHolder(),
      onFault: (fault) => this.#emit('fault', fault),
    });
    if (IN_PAGE) this.#watchPage();
  }

  #watchPage() {
    addEventListener('online', () => this.poke());
    addEventListener('pagehide', () => this.#keeper.flush());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.poke();
      else this.#keeper.flush();
    });
  }

  // ---- Events

  /**
   * Listen: docs/js.md has the events. @param {string} name @param {Function} fn
   * @returns {() => void} listens no more
   */
  on(name, fn) {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(fn));
    return () => { all.delete(fn); };
  }

  #emit(name, ...values) {
    for (const fn of [...this.#listeners.get(name) ?? []]) {
      try {
        fn(...values);
      } catch (fault) {
        // A listener's mistake is its own: it must neither stop the others nor us.
        queueMicrotask(() => { throw fault; });
      }
    }
  }

  #touch(topic) {
    this.#topics.add(topic);
    const rest = Math.max(0, TELL_MS - (Date.now() - this.#told));
    this.#telling ??= setTimeout(() => this.#tell(), rest);
  }

  #tell() {
    this.#telling = null;
    this.#told = Date.now();
    const topics = [...this.#topics];
    this.#topics.clear();
    for (const topic of topics) this.#emit('change', topic);
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.#touch('state');
    this.#look();
  }

  /** Something has happened that somebody may wait for. */
  #look() {
    for (const look of [...this.#waiters]) look();
  }

  /** @param {() => boolean} condition @param {number} ms at the latest @returns {Promise<boolean>} did it come true */
  #until(condition, ms) {
    return new Promise((resolve) => {
      const end = (value) => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(value);
      };
      const look = () => condition() && end(true);
      const timer = setTimeout(() => end(false), ms);
      this.#waiters.add(look);
      look();
    });
  }

  // ---- The session

  /** Open an account; log in afterwards. @param {{username: string, password: string, nickname?: string}} who */
  register({ username, password, nickname }) {
    return this.#http.enter('/api/register', { username, password, nickname });
  }

  /** @param {{username: string, password: string}} who @returns {Promise<any>} me */
  async login({ username, password }) {
    this.stop();
    await this.#http.enter('/api/login', { username, password, device: this.#device });
    const entries = await this.#keeper.load();
    const isSame = entries.session?.me?.user_id === this.me.user_id;
    await this.#keeper.clear();
    this.#forgetAll();
    this.#keeper.mark('session');
    // A cursor is its session's alone, but what was not sent yet is still to be sent.
    if (isSame) this.#adopt(entries, true);
    return this.me;
  }

  /** A session by cookie or from storage. @returns {Promise<boolean>} false: log in */
  async resume() {
    const entries = await this.#keeper.load();
    const kept = entries.session;
    if (!this.#http.cookies && !kept?.tokens) return false;
    if (!this.#http.cookies) this.#http.session = kept.tokens;
    try {
      await this.#http.refresh();
    } catch (fault) {
      if (SESSION_OVER.has(fault.code)) return false;
      if (!kept?.me) throw fault;
      this.me = kept.me; // the network is away: what is kept can be shown
    }
    this.#forgetAll();
    if (kept?.me?.user_id === this.me.user_id) this.#restore(entries);
    else await this.#keeper.clear();
    this.#keeper.mark('session');
    return true;
  }

  /** @param {{everywhere?: boolean}} [how] everywhere: on all devices */
  async logout({ everywhere = false } = {}) {
    this.stop();
    try {
      await this.request('POST', '/api/logout', { body: { everywhere } });
    } catch (fault) {
      if (!SESSION_OVER.has(fault.code)) throw fault;
    }
    await this.#leave();
  }

  async #leave() {
    this.me = null;
    this.#http.session = null;
    this.#forgetAll();
    this.#touch('me');
    await this.#keeper.clear();
  }

  /** Connect, and stay connected until stop(); resolved when all is caught up for the first time, or it ended. */
  async start() {
    if (!this.me && !await this.resume()) throw new ParleyError('log in first', { code: 40101, status: 401 });
    this.endedReason = '';
    this.#socket.start();
    this.#refreshInTime();
    await new Promise((resolve) => {
      const look = () => {
        if (!['live', 'ended', 'stopped'].includes(this.state)) return;
        this.#waiters.delete(look);
        resolve(undefined);
      };
      this.#waiters.add(look);
      look();
    });
  }

  /** Go offline; the session and the model stay. */
  stop() {
    this.#connection += 1;
    this.#socket.stop();
    this.#outbox.close();
    for (const timer of [this.#gapTimer, this.#refreshTimer, this.#expiryTimer]) clearTimeout(timer);
    for (const timer of this.#deliveredTimers.values()) clearTimeout(timer);
    this.#deliveredTimers.clear();
    this.#keeper.flush();
    this.#setState('stopped');
  }

  /** Try to connect now, or see whether the connection lives: somebody is waiting. */
  poke() {
    this.#socket.poke();
    if (this.state !== 'stopped') this.#refreshInTime();
  }

  /**
   * What has no method of its own. @param {string} method @param {string} path
   * @param {{query?: object, body?: any, signal?: AbortSignal}} [more]
   * @returns {Promise<any>} data of the envelope; rejected with ParleyError
   */
  async request(method, path, more = {}) {
    try {
      const data = await this.#http.request(method, path, more);
      if (path === '/api/users/me' && method !== 'DELETE') this.#setMe(data);
      return data;
    } catch (fault) {
      if (SESSION_OVER.has(fault.code) && fault.code !== 40103 && this.state !== 'stopped') this.#end('expired');
      throw fault;
    }
  }

  #setMe(more) {
    this.me = { ...this.me, ...more };
    this.#keeper.mark('session');
    this.#touch('me');
  }

  #begun({ user_id, username, nickname, role = 'user' }) {
    const isSame = this.me?.user_id === user_id;
    this.me = { ...(isSame ? this.me : {}), user_id, username, nickname, role };
    this.#touch('me');
    if (this.state !== 'stopped') {
      this.#keeper.mark('session');
      this.#refreshInTime();
    }
  }

  #refreshInTime() {
    clearTimeout(this.#refreshTimer);
    const left = (this.#http.session?.expires_at ?? 0) - this.#http.now() - REFRESH_AHEAD_MS;
    this.#refreshTimer = setTimeout(async () => {
      try {
        await this.#http.refresh();
      } catch (fault) {
        if (SESSION_OVER.has(fault.code)) this.#end('expired');
        else this.#refreshInTime();
      }
    }, Math.min(TIMER_MAX_MS, Math.max(REFRESH_MIN_MS, left)));
  }

  #end(reason) {
    if (this.state === 'ended') return;
    this.stop();
    this.endedReason = reason;
    this.#http.session = null;
    this.#keeper.mark('session');
    this.#setState('ended');
    this.#emit('ended', reason);
  }

  // ---- The connection

  async #prepare() {
    try {
      const { websocket_url, token } = await this.#http.fresh();
      this.#setMe(await this.#http.request('GET', '/api/users/me'));
      return { url: websocket_url, protocols: token ? ['bearer', this.#http.session.token ?? token] : undefined };
    } catch (fault) {
      if (!SESSION_OVER.has(fault.code)) throw fault;
      this.#end('expired');
      return null;
    }
  }

  async #opened() {
    this.#connection += 1;
    this.#aside = [];
    this.#isAsking = true; // until the first answer nothing can be put in its place
    this.#setState('syncing');
    const connection = this.#connection;
    await this.#sync('missed');
    if (connection !== this.#connection) return;
    this.#socket.settle();
    this.#people.refresh();
    this.#setState('live');
    this.#sendAgain();
  }

  #closed(code) {
    this.#connection += 1;
    this.#outbox.close();
    clearTimeout(this.#gapTimer);
    this.#gapTimer = null;
    if (code === 1008 || code === 4401) {
      this.#end(this.#lastReason || (code === 4401 ? 'logout' : 'ended'));
      return false;
    }
    this.#setState('offline');
    return true;
  }

  #sendAgain() {
    this.#outbox.open();
    for (const room of this.#rooms.values()) {
      if (room.data.read_seq > room.toldRead) this.#tellRead(room);
      if (Object.keys(room.wanted).length) this.#settle(room).catch((fault) => this.#emit('fault', fault));
      if (room.data.last_seq > room.data.read_seq) this.#tellDelivered(room);
    }
  }

  #tellRead(room) {
    this.#socket.send({ type: READ, conversation_id: room.id, seq: room.data.read_seq });
  }

  /** Types 30: private conversations alone; who has read has it. */
  #tellDelivered(room) {
    const { peer, last_seq, read_seq } = room.data;
    if (!peer || last_seq <= read_seq || this.state !== 'live') return;
    this.#socket.send({ type: DELIVERED, conversation_id: room.id, seq: last_seq });
  }

  #tellDeliveredSoon(room) {
    if (!room.data.peer || this.#deliveredTimers.has(room.id)) return;
    this.#deliveredTimers.set(room.id, setTimeout(() => {
      this.#deliveredTimers.delete(room.id);
      this.#tellDelivered(room);
    }, DELIVERED_MS));
  }

  // ---- Catching up

  /**
   * All that has changed since the cursor; one at a time.
   * @param {'message' | 'missed'} name the event of what is new
   */
  #sync(name) {
    this.#syncAgain = this.#syncing !== null;
    this.#syncing ??= this.#syncPages(name).finally(() => { this.#syncing = null; });
    return this.#syncing;
  }

  async #syncPages(name) {
    let connection = this.#connection;
    for (let more = true; more;) {
      this.#isAsking = true;
      const page = await this.#askForPage();
      if (this.#connection !== connection) {
        if (!['syncing', 'live'].includes(this.state)) return;
        connection = this.#connection; // it came back while an answer of the one before was on its way
        continue;
      }
      if (page) {
        this.#takePage(page, name);
        this.#frames = 0;
        more = page.has_more || this.#syncAgain;
        if (!page.has_more) this.#syncAgain = false;
      }
      this.#isAsking = false;
      const aside = this.#aside;
      this.#aside = [];
      for (const frame of aside) this.#frame(frame);
    }
  }

  /** @returns {Promise<any>} null: not now; once more */
  async #askForPage() {
    const limit = this.#cursor ? PAGE : FIRST_PAGE;
    try {
      return await this.request('GET', '/api/sync', { query: { cursor: this.#cursor, limit } });
    } catch (fault) {
      if (fault.code === 40001 && this.#cursor) this.#beginAnew();
      else if (!['syncing', 'live'].includes(this.state)) return null;
      else await pause((fault.retryAfter ?? 1) * 1000);
      return null;
    }
  }

  /** The cursor is not known any more. */
  #beginAnew() {
    this.#cursor = null;
    const old = this.#rooms;
    this.#rooms = new Map();
    this.conversations.clear();
    for (const { id, pending, wanted, data } of old.values()) {
      this.#keeper.mark(`c/${id}`);
      if (!pending.size && !Object.keys(wanted).length) continue;
      const room = this.#room(id);
      room.pending = pending;
      room.wanted = wanted;
      room.set({ read_seq: 0, draft: data.draft });
    }
    this.#touch('list');
    for (const id of old.keys()) this.#touch(id);
  }

  #takePage(page, name) {
    const isFirst = this.#cursor === null;
    this.#cursor = page.cursor;
    this.#keeper.mark('cursor');
    for (const given of page.conversations) {
      const room = this.#room(given.conversation_id);
      const came = room.sync(given, this.#http.now());
      came.push(...room.goOn(this.#http.now()));
      this.#show(room);
      if (!isFirst) this.#announce(room, came, name);
    }
    this.#minGap();
    this.#watchExpiry();
  }

  #announce(room, came, name) {
    const others = came.filter(({ from, msg_type }) => from !== this.me.user_id && msg_type !== SYSTEM);
    for (const { seq, from } of others) {
      this.#people.endTyping(room.id, from);
      const message = room.messages.get(seq);
      if (message && !message.recalled_at) this.#emit(name, message);
    }
    if (others.length) this.#tellDeliveredSoon(room);
  }

  // ---- Frames

  #frame(frame) {
    if (this.#isAsking && frame.type !== TYPING && frame.type !== PRESENCE) {
      this.#aside.push(frame);
      if (this.#aside.length > ASIDE_MAX) this.#socket.renew(4000);
      return;
    }
    this.#handle(frame);
    this.#frames += 1;
    if (this.#frames > SYNC_FRAMES && this.state === 'live') {
      this.#frames = 0;
      this.#sync('message');
    }
  }

  #handle(frame) {
    const { type } = frame;
    if (type === 1 || type === 2 || CHANGES.has(type)) this.#take(frame);
    else if (type === ACK) this.#ack(frame);
    else if (type === READ || type === OTHERS_DELIVERED) this.#receipt(frame);
    else if (type === SYSTEM) this.#event(frame.content);
    else if (type === TYPING) this.#typing(frame);
    else if (type === PRESENCE) {
      this.#people.setPresence(frame);
      this.#emit('presence', frame);
    }
  }

  #take(frame) {
    const room = this.#room(frame.conversation_id);
    const came = room.take(frame, this.#http.now());
    if (came.length) room.isKnown = true;
    this.#show(room);
    this.#announce(room, came, 'message');
    if (frame.expires_at) this.#watchExpiry();
    this.#minGap();
  }

  #minGap() {
    if (this.#gapTimer || this.state !== 'live') return;
    if (![...this.#rooms.values()].some((room) => room.hasGap())) return;
    this.#gapTimer = setTimeout(() => {
      this.#gapTimer = null;
      if ([...this.#rooms.values()].some((room) => room.hasGap())) this.#sync('message');
    }, GAP_MS);
  }

  #ack(ack) {
    const entry = this.#outbox.ack(ack);
    if (!entry) return;
    const room = this.#room(entry.conversation_id);
    const message = { ...room.pending.get(entry.message_id), ...entry.frame };
    for (const key of ['state', 'error', 'progress']) delete message[key];
    const { conversation_id, seq, timestamp, expires_at } = ack;
    Object.assign(message, { from: this.me.user_id, conversation_id, seq, timestamp, expires_at });
    // Shown as sent even if it waits behind a gap.
    room.pending.set(entry.message_id, { ...message, state: 'sent' });
    this.#take(message);
  }

  #receipt({ conversation_id, from, seq, type }) {
    const room = this.#rooms.get(conversation_id);
    if (!room) return;
    room.receipt(from, type === READ ? seq : 0, seq);
    this.#show(room);
  }

  #typing({ conversation_id, from }) {
    if (from === this.me.user_id) return;
    this.#people.startTyping(conversation_id, from);
    this.#emit('typing', { conversation_id, user_id: from });
  }

  #event(content) {
    const { event, conversation_id, message_ids = [] } = content;
    const room = conversation_id && this.#rooms.get(conversation_id);
    if (event === 'resync') {
      this.#sync('message').then(() => this.state === 'live' && this.#outbox.open());
    } else if (event === 'session.ended') {
      this.#lastReason = content.reason;
      setTimeout(() => { this.#lastReason = ''; }, GAP_MS);
    } else if (room && event === 'conversation.updated') {
      room.settings(content);
    } else if (room && (event === 'message.hidden' || event === 'message.expired')) {
      for (const message_id of message_ids) room.remove(message_id, event === 'message.hidden');
    } else if (room && event === 'conversation.trimmed') {
      room.trim(content.first_seq);
    }
    if (room) this.#show(room);
    if (event.startsWith('friend.')) this.#people.forget(content.user_id);
    this.#emit(event.startsWith('friend.') ? 'friend' : 'system', content);
  }

  #watchExpiry() {
    const now = this.#http.now();
    let next = Infinity;
    for (const room of this.#rooms.values()) {
      if (room.expire(now)) this.#show(room);
      for (const { expires_at } of room.messages.values()) if (expires_at) next = Math.min(next, expires_at);
    }
    clearTimeout(this.#expiryTimer);
    if (next === Infinity) return;
    this.#expiryTimer = setTimeout(() => this.#watchExpiry(), Math.min(TIMER_MAX_MS, Math.max(50, next - now)));
  }

  // ---- The model

  /** @param {string} conversation_id @returns {Room} made when it is new */
  #room(conversation_id) {
    let room = this.#rooms.get(conversation_id);
    if (!room) {
      room = new Room(this.me.user_id, conversation_id);
      this.#rooms.set(conversation_id, room);
      this.conversations.set(conversation_id, room.data);
    }
    return room;
  }

  /** @param {Room} room */
  #show(room) {
    if (this.conversations.get(room.id) !== room.data) {
      this.conversations.set(room.id, room.data);
      this.#touch('list');
    }
    const { peer } = room.data;
    if (peer && !peer.nickname) this.profile(peer.user_id);
    this.#touch(room.id);
    this.#keeper.mark(`c/${room.id}`);
    this.#look();
  }

  #named({ user_id, username, nickname }) {
    const room = this.#rooms.get(this.#idOf({ user_id }));
    const { peer } = room?.data ?? {};
    if (peer && (peer.nickname !== nickname || peer.username !== username)) {
      room.set({ peer: { ...peer, username, nickname } });
      this.#show(room);
    }
    this.#touch('people');
  }

  /** Those that are not hidden: pinned ones first, then the newest. @returns {Conversation[]} */
  list() {
    const newest = ({ pending, data }) => Math.max(data.updated_at, ...[...pending.values()].map((m) => m.timestamp));
    return [...this.#rooms.values()]
      .filter(({ data, isKnown, pending }) => (!data.hidden || pending.size) &&
        (isKnown || pending.size || data.draft))
      .sort((a, b) => Number(b.data.pinned) - Number(a.data.pinned) || newest(b) - newest(a))
      .map(({ data }) => data);
  }

  /**
   * The contiguous stretch that holds seq, or the newest one.
   * @param {string} conversation_id @param {number} [seq]
   * @returns {{messages: Message[], has_before: boolean, has_after: boolean} | null} null: nothing is loaded there
   */
  span(conversation_id, seq) {
    return this.#rooms.get(conversation_id)?.span(seq) ?? null;
  }

  /** One's own messages without a place yet, in the order of sending. @param {string} conversation_id */
  pending(conversation_id) {
    return [...this.#rooms.get(conversation_id)?.pending.values() ?? []];
  }

  /** @param {string} conversation_id @param {string} message_id @returns {Message | undefined} */
  find(conversation_id, message_id) {
    const room = this.#rooms.get(conversation_id);
    return room?.messages.get(room.seqs.get(message_id) ?? 0) ?? room?.pending.get(message_id);
  }

  /** @param {string} user_id @returns {any} undefined: not known yet; 'people' is told when it is */
  profile(user_id) {
    return this.#people.profile(user_id);
  }

  /** @param {string} user_id @returns {{user_id: string, online: boolean, last_seen: number | null} | undefined} */
  presence(user_id) {
    return this.#people.presence(user_id);
  }

  /** Who is typing now. @param {string} conversation_id @returns {string[]} user_ids */
  typing(conversation_id) {
    return this.#people.typing(conversation_id);
  }

  /** @param {Address} address @returns {string} the conversation_id */
  #idOf(address) {
    if (typeof address === 'string') return address;
    if ('group_id' in address) return `group:${address.group_id}`;
    return `single:${[this.me.user_id, address.user_id].sort().join(':')}`;
  }

  /** The conversation_id; the conversation is in the model from now on. @param {Address} address */
  open(address) {
    const id = this.#idOf(address);
    const isNew = !this.#rooms.has(id);
    const room = this.#room(id);
    if (isNew) {
      this.#show(room);
      if (room.data.group) this.#nameGroup(room);
    }
    return id;
  }

  async #nameGroup(room) {
    const { group_id } = room.data.group;
    try {
      const { name } = await this.request('GET', `/api/groups/${group_id}`);
      room.set({ group: { group_id, name } });
      this.#show(room);
    } catch {
      // Not ours to see: whoever opens it is told so when he loads or sends.
    }
  }

  // ---- Histories

  /** @param {string} id @param {Record<string, number>} query
   * @param {(page: any, newest: number) => {low: number, high: number}} cover the stretch that the page is */
  #history(id, query, cover) {
    const key = `${id} ${JSON.stringify(query)}`;
    if (!this.#loading.has(key)) {
      this.#loading.set(key, this.#ask(id, query, cover).finally(() => this.#loading.delete(key)));
    }
    return this.#loading.get(key);
  }

  async #ask(id, query, cover) {
    await this.#untilKnown(id);
    const room = this.#room(id);
    const { user_id, group_id } = partner(id, this.me.user_id);
    const path = `/api/messages/${group_id ? `group/${group_id}` : `private/${user_id}`}`;
    const newest = room.data.last_seq;
    room.ask();
    try {
      const page = await this.request('GET', path, { query: { limit: HISTORY, ...query } });
      const last = page.messages.at(-1)?.seq ?? 0;
      room.page(page.messages, cover(page, Math.max(newest, last)), this.#http.now());
    } finally {
      room.answered();
    }
    this.#watchExpiry();
    this.#show(room);
  }

  /** While the list is still coming, a conversation may be there that is not known yet. */
  async #untilKnown(id) {
    if (this.#rooms.get(id)?.isKnown || !['connecting', 'syncing'].includes(this.state)) return;
    await this.#until(() => this.#rooms.get(id)?.isKnown || this.state === 'live', 15_000);
  }

  /** The newest messages, unless they are loaded. @param {string} id conversation_id @returns {Promise<void>} */
  async loadNewest(id) {
    await this.#untilKnown(id);
    if (this.span(id)) return;
    await this.#history(id, { last_seq: 0 }, ({ messages, has_more }, high) =>
      ({ low: has_more ? messages[0].seq : 0, high }));
  }

  /** Those before seq. @param {string} id @param {number} seq @returns {Promise<void>} */
  loadBefore(id, seq) {
    return this.#history(id, { last_seq: seq }, ({ messages, has_more }) =>
      ({ low: has_more ? messages[0].seq : 0, high: seq - 1 }));
  }

  /** Those after seq. @param {string} id @param {number} seq @returns {Promise<void>} */
  loadAfter(id, seq) {
    return this.#history(id, { after_seq: seq }, ({ messages, has_more }, newest) =>
      ({ low: seq + 1, high: has_more ? messages.at(-1).seq : newest }));
  }

  /** Those around seq. @param {string} id @param {number} seq @returns {Promise<void>} */
  loadAround(id, seq) {
    return this.#history(id, { around_seq: seq }, ({ messages, has_more_before, has_more_after }, newest) => ({
      low: has_more_before ? messages[0].seq : 0, high: has_more_after ? messages.at(-1).seq : newest,
    }));
  }

  /** One message; afterwards find() has it. @param {string} id conversation_id @param {string} message_id */
  async loadMessage(id, message_id) {
    const known = this.find(id, message_id);
    if (known) return known;
    const room = this.#room(id);
    room.ask();
    try {
      const message = await this.request('GET', this.#pathOf({ conversation_id: id, message_id }));
      room.put(message, this.#http.now());
    } finally {
      room.answered();
    }
    this.#show(room);
    return this.find(id, message_id);
  }

  // ---- Sending

  /**
   * The message at once; its state says how far it is. What the server refuses for good is 'failed'.
   * @param {Address} address @param {object} content @param {{msg_type?: number, message_id?: string}} [more]
   * @returns {Message}
   */
  send(address, content, { msg_type = 0, message_id = newId() } = {}) {
    return this.#post(address, { message_id, msg_type, content });
  }

  /**
   * A message that is a file: uploaded, then sent.
   * @param {Address} address @param {Blob} blob
   * @param {{msg_type?: number, file_name?: string, duration?: number, width?: number, height?: number}} [how]
   *   duration in ms; msg_type: 4 picture, 5 voice, 6 film, 7 anything
   * @returns {Message} with progress, 0 to 1, and in a page blob_url
   */
  sendFile(address, blob, { msg_type = 7, file_name = /** @type {any} */ (blob).name ?? 'file', ...more } = {}) {
    const content = { file_name, file_size: blob.size, mime_type: blob.type, ...more };
    return this.#post(address, { message_id: newId(), msg_type, content }, { blob, file_name, more });
  }

  #post(address, said, file) {
    const conversation_id = this.open(address);
    const { user_id, group_id } = partner(conversation_id, this.me.user_id);
    const frame = { type: group_id ? 2 : 1, ...(group_id ? { group_id } : { to: user_id }), ...said };
    this.#outbox.add({ message_id: said.message_id, conversation_id, frame, ...(file ? { file } : {}) });
    return this.find(conversation_id, said.message_id);
  }

  /** POST /api/files. @param {Blob} blob
   * @param {{file_name: string, on_progress?: (loaded: number, total: number) => void, signal?: AbortSignal}} how
   * @returns {Promise<any>} content.file */
  upload(blob, how) {
    return this.#http.upload(blob, how);
  }

  #showPending(entry) {
    const { message_id, conversation_id, frame, error, order } = entry;
    const room = this.#room(conversation_id);
    const known = room.pending.get(message_id);
    if (known?.seq || room.seqs.has(message_id)) return; // stored already
    const fault = error && new ParleyError(error.message, error);
    room.pending.set(message_id, {
      ...frame, conversation_id, from: this.me.user_id, timestamp: known?.timestamp ?? order,
      blob_url: known?.blob_url ?? this.#preview(entry.file?.blob), state: this.#outbox.stateOf(entry),
      ...(error ? { error: fault } : {}), ...(entry.file ? { progress: entry.progress ?? 0 } : {}),
    });
    this.#touch('list');
    this.#show(room);
  }

  #preview(blob) {
    if (!blob || !IN_PAGE) return undefined;
    const url = URL.createObjectURL(blob);
    this.#previews.push(url);
    if (this.#previews.length > PREVIEWS_MAX) URL.revokeObjectURL(this.#previews.shift());
    return url;
  }

  #showProgress(entry, loaded, total) {
    entry.progress = total ? loaded / total : 0;
    this.#showPending(entry);
    this.#emit('upload', { message_id: entry.message_id, loaded, total });
  }

  /** Send once more what has failed. @param {Message} message */
  retry({ message_id }) {
    this.#outbox.retry(message_id);
  }

  /** Do not send it. @param {Message} message */
  discard({ message_id, conversation_id }) {
    this.#outbox.take(message_id);
    const room = this.#room(conversation_id);
    room.pending.delete(message_id);
    this.#touch('list');
    this.#show(room);
  }

  // ---- Changes of a message: over HTTP, which says what became of each; the change itself comes as to anybody

  #pathOf({ conversation_id, message_id }) {
    return `/api/conversations/${encodeURIComponent(conversation_id)}/messages/${encodeURIComponent(message_id)}`;
  }

  /** One change of a message after the other, and resolved when it shows. */
  async #change(message, method, tail, more) {
    if (!message.seq) throw new ParleyError('the message is not sent yet', { code: 40903, status: 409 });
    const before = this.#changing.get(message.message_id);
    const done = (async () => {
      await before?.catch(() => {});
      const { change_seq = 0 } = await this.request(method, this.#pathOf(message) + tail, more);
      const room = this.#room(message.conversation_id);
      const isIn = () => room.data.change_seq >= change_seq || this.state !== 'live';
      if (!await this.#until(isIn, APPLIED_MS)) await this.#sync('message');
    })();
    this.#changing.set(message.message_id, done);
    try {
      await done;
    } finally {
      if (this.#changing.get(message.message_id) === done) this.#changing.delete(message.message_id);
    }
  }

  /** @param {Message} message @param {object} content @returns {Promise<void>} */
  edit(message, content) {
    return this.#change(message, 'PATCH', '', { body: { content } });
  }

  /** Take it back, for everybody. @param {Message} message @returns {Promise<void>} */
  recall(message) {
    return this.#change(message, 'DELETE', '', { query: { scope: 'all' } });
  }

  /** Delete it for oneself. @param {Message} message @returns {Promise<void>} */
  async remove(message) {
    await this.#change(message, 'DELETE', '', { query: { scope: 'me' } });
    const room = this.#room(message.conversation_id);
    room.remove(message.message_id, true);
    this.#show(room);
  }

  /** @param {Message} message @param {string} emoji @returns {Promise<void>} */
  react(message, emoji) {
    return this.#change(message, 'POST', '/reactions', { body: { emoji } });
  }

  /** @param {Message} message @param {string} emoji @returns {Promise<void>} */
  unreact(message, emoji) {
    return this.#change(message, 'DELETE', '/reactions', { query: { emoji } });
  }

  /** @param {Message} message @returns {Promise<void>} */
  pin(message) {
    return this.#change(message, 'PUT', '/pin');
  }

  /** @param {Message} message @returns {Promise<void>} */
  unpin(message) {
    return this.#change(message, 'DELETE', '/pin');
  }

  /** Send it on. @param {Message} message @param {Address} address @returns {Promise<any>} message.sent */
  forward(message, address) {
    const { user_id, group_id } = partner(this.#idOf(address), this.me.user_id);
    const body = { new_message_id: newId(), ...(group_id ? { group_id } : { to: user_id }) };
    return this.request('POST', `${this.#pathOf(message)}/forward`, { body });
  }

  // ---- What one does for oneself

  /** One has read up to seq. @param {string} conversation_id @param {number} seq */
  read(conversation_id, seq) {
    const room = this.#room(conversation_id);
    if (seq <= room.data.read_seq) return;
    room.read(seq);
    if (this.state === 'live') this.#tellRead(room);
    this.#show(room);
  }

  /** Say that one is typing; may be called for each key. @param {Address} address */
  typingIn(address) {
    const id = this.#idOf(address);
    if (Date.now() - (this.#typed.get(id) ?? 0) < TYPING_MS) return;
    this.#typed.set(id, Date.now());
    const { user_id, group_id } = partner(id, this.me.user_id);
    this.#socket.send({ type: TYPING, ...(group_id ? { group_id } : { to: user_id }) });
  }

  /**
   * In effect here at once; while the network is away it is kept, and told afterwards.
   * @param {string} conversation_id @param {{pinned?: boolean, muted?: boolean, draft?: string}} wanted
   * @returns {Promise<void>} rejected when the server refuses
   */
  async setConversation(conversation_id, wanted) {
    const room = this.#room(conversation_id);
    room.wanted = { ...room.wanted, ...wanted };
    room.set(wanted);
    this.#show(room);
    await this.#settle(room);
  }

  async #settle(room) {
    const { wanted } = room;
    const path = `/api/conversations/${encodeURIComponent(room.id)}`;
    try {
      await this.request('PATCH', path, { body: wanted });
    } catch (fault) {
      if ([0, 42901, 50301].includes(fault.code)) return; // told after the next reconnect
      // A conversation begins with its first message: until then the draft is here alone.
      if (fault.code === 40401 && !room.isKnown) return;
      this.#settled(room, wanted);
      throw fault;
    }
    this.#settled(room, wanted);
  }

  /** What was not changed again meanwhile is the server's to say. */
  #settled(room, told) {
    room.wanted = Object.fromEntries(Object.entries(room.wanted).filter(([key, value]) => told[key] !== value));
    this.#show(room);
  }

  /** Out of the list until something is said. @param {string} conversation_id @returns {Promise<void>} */
  async hide(conversation_id) {
    await this.request('DELETE', `/api/conversations/${encodeURIComponent(conversation_id)}`);
    const room = this.#room(conversation_id);
    room.set({ hidden: true });
    this.#show(room);
  }

  // ---- Storage

  #kept(key) {
    if (key === 'session') {
      const tokens = this.#http.cookies ? undefined : this.#http.session;
      return this.me && (tokens || this.#http.cookies) ? { me: this.me, tokens } : this.me && { me: this.me };
    }
    if (key === 'cursor') return this.#cursor;
    const name = key.slice(2);
    if (key.startsWith('c/')) return this.#rooms.get(name)?.snapshot(KEPT_MESSAGES) ?? null;
    const entry = this.#outbox.entries.get(name);
    if (!entry) return null;
    const { message_id, conversation_id, frame, order, file, error } = entry;
    return { message_id, conversation_id, frame, order, file, error };
  }

  #restore(entries) {
    for (const [key, kept] of Object.entries(entries)) {
      if (!key.startsWith('c/') || !kept) continue;
      const room = this.#room(key.slice(2));
      room.restore(kept, this.#http.now());
      this.conversations.set(room.id, room.data);
      this.#touch(room.id);
    }
    this.#cursor = entries.cursor ?? null;
    this.#touch('list');
    this.#adopt(entries);
    this.#watchExpiry();
  }

  #adopt(entries, isRewritten = false) {
    const kept = Object.entries(entries).filter(([key, value]) => key.startsWith('o/') && value)
      .map(([, value]) => value);
    this.#outbox.adopt(kept);
    if (isRewritten) for (const { message_id } of kept) this.#keeper.mark(`o/${message_id}`);
  }

  /** The tab that kept the model is gone: this one does, and sends what that one left. */
  async #becomeHolder() {
    if (!this.me) return;
    const entries = await this.#keeper.load();
    if (entries.session?.me?.user_id !== this.me?.user_id) return;
    this.#adopt(entries);
    this.#keeper.mark('cursor');
    for (const id of this.#rooms.keys()) this.#keeper.mark(`c/${id}`);
  }

  #forgetAll() {
    this.#connection += 1;
    this.#outbox.clear();
    this.#people.clear();
    this.#cursor = null;
    this.#rooms.clear();
    this.conversations.clear();
    this.#touch('list');
  }
}
