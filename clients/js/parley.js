/**
 * Parley for pages and for programs (Node 20.10 or later): docs/js.md is the manual.
 *
 *     import { Parley } from '/js/parley.js';
 *     const parley = new Parley();
 *     await parley.login({ username: 'ada', password: 'correct horse battery' });
 *     parley.on('message', (message) => parley.send(message.conversation_id, { text: 'I see.' }));
 *     await parley.start();
 *
 * What is read from the model is never changed but replaced: the same object says the same.
 *
 * @typedef {import('./room.js').Message} Message
 * @typedef {import('./room.js').Conversation} Conversation
 * @typedef {string | {user_id: string} | {group_id: string}} Address a conversation_id, a person, or a group
 */
import { Changes } from './changes.js';
import { since, timerOf } from './clock.js';
import { Events } from './events.js';
import { Histories, pathOf } from './histories.js';
import { Http, ParleyError, SESSION_OVER } from './http.js';
import { Keeper } from './keeper.js';
import { Line } from './line.js';
import { Model } from './model.js';
import { newId, Outbox } from './outbox.js';
import { People } from './people.js';
import { Previews } from './previews.js';
import { Settings } from './settings.js';

export { ParleyError };

const TYPING = 33;
/** The server passes no more on. */
const TYPING_MS = 1000;
/** A token is exchanged so long before its end, and no sooner than this after the last, ms. */
const REFRESH_AHEAD_MS = 60_000;
const REFRESH_MIN_MS = 30_000;
/** Reasons of an end after which nothing is kept. */
const ON_PURPOSE = new Set(['logout', 'everywhere', 'deleted']);
const IN_PAGE = typeof document !== 'undefined';

export class Parley {
  #events = new Events();
  #http;
  #line;
  #model;
  #outbox;
  #people;
  #keeper;
  #histories;
  #changes;
  #settings;
  #device;
  /** @type {any} */
  #refreshTimer = null;
  /** When one last said that one is typing, by conversation_id. */
  #typed = new Map();
  #previews = new Previews();

  /**
   * @param {{url?: string, device?: string, cookies?: boolean, storage?: import('./keeper.js').Storage,
   *   WebSocket?: typeof WebSocket, fetch?: typeof fetch}} [options] all may be left out in a page.
   *   url: the origin; device: what one's list of sessions calls this one; cookies: the session is in cookies
   *   (default in a page), and no token is held; storage: keeper.js says what it is
   */
  constructor({ url, device = 'Parley for JavaScript', cookies = IN_PAGE, storage, ...more } = {}) {
    const events = this.#events;
    const request = this.request.bind(this);
    const keep = (/** @type {string} */ key) => this.#keeper.mark(key);
    this.#device = device;
    /** @type {any} one's own profile, and role; null: nobody is logged in */
    this.me = null;
    /** Why the session ended: the reason of session.ended, 'expired', or 'somebody_else' (by another tab). */
    this.endedReason = '';
    this.#http = new Http({
      url: url ?? (IN_PAGE ? location.origin : 'http://127.0.0.1:8080'), cookies,
      fetch: more.fetch ?? globalThis.fetch.bind(globalThis), onSession: (session) => this.#begun(session),
    });
    const now = () => this.#http.now();
    this.#keeper = new Keeper(storage, {
      value: (key) => this.#kept(key), onHolder: () => this.#becomeHolder(),
      onFault: (fault) => events.emit('fault', fault),
    });
    const people = this.#people = new People({
      request, onPeople: () => events.touch('people'), onProfile: (profile) => model.name(profile),
      onTyping: (conversation_id) => events.touch(conversation_id),
    });
    const model = this.#model = new Model({ events, people, now, keep });
    const outbox = this.#outbox = new Outbox({
      transmit: (frame) => this.#line.socket.send(frame), upload: (blob, how) => this.upload(blob, how),
      onChange: (entry) => this.#showPending(entry), onProgress: (...how) => this.#showProgress(...how),
      onStored: ({ message_id }) => keep(`o/${message_id}`), onLate: () => this.poke(),
    });
    this.#line = new Line({
      WebSocket: more.WebSocket ?? globalThis.WebSocket, prepare: () => this.#prepare(), now, request, events, model,
      outbox, people, keep, onLive: () => this.#settings.tellAll(), onEnd: (reason) => this.#end(reason),
    });
    this.#histories = new Histories({ request, now, model, events, getState: () => this.state });
    this.#changes = new Changes({ request, model, line: this.#line, events });
    this.#settings = new Settings({ request, model, onFault: (fault) => events.emit('fault', fault) });
    if (IN_PAGE) this.#watchPage();
  }

  #watchPage() {
    for (const event of ['online', 'offline']) addEventListener(event, () => this.poke());
    addEventListener('pagehide', () => this.#keeper.flush());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.poke();
      else this.#keeper.flush();
    });
  }

  /** 'stopped' | 'offline' | 'connecting' | 'syncing' | 'live' | 'ended' */
  get state() {
    return this.#line.state;
  }

  /** docs/js.md has the events. @param {string} name @param {Function} fn @returns {() => void} listens no more */
  on(name, fn) {
    return this.#events.on(name, fn);
  }

  // ---- The session

  /** Open an account; log in afterwards. @param {{username: string, password: string, nickname?: string}} who */
  register({ username, password, nickname }) {
    return this.#http.send('POST', '/api/register', { body: { username, password, nickname } });
  }

  /** @param {{username: string, password: string}} who @returns {Promise<any>} me */
  async login({ username, password }) {
    if (this.state === 'ended') this.me = null; // a log-in that is refused brings nobody back
    await this.stop();
    const entries = await this.#keeper.load(); // now: the new session takes the place of the one before
    await this.#http.enter({ username, password, device: this.#device });
    await this.#keeper.clear();
    this.#clear();
    this.#keeper.mark('session');
    // A cursor is its session's alone; but what was not sent yet is still to be sent.
    if (entries.session?.me?.user_id === this.me.user_id) this.#adopt(entries);
    return this.me;
  }

  /**
   * Go on with a session: that of the cookie, or of storage. What storage has is shown at once.
   * @returns {Promise<boolean>} false: there is none; rejected when the network is away and nothing is kept
   */
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
      this.me = kept.me;
    }
    this.#clear();
    if (kept?.me?.user_id === this.me.user_id) this.#restore(entries);
    else await this.#keeper.clear();
    this.#keeper.mark('session');
    return true;
  }

  /** The session ends, and nothing is kept. @param {{everywhere?: boolean}} [how] everywhere: on all devices */
  async logout({ everywhere = false } = {}) {
    const wasOn = this.state !== 'stopped' && this.state !== 'ended';
    this.stop(); // or its end would be news
    try {
      await this.request('POST', '/api/logout', { body: { everywhere } });
    } catch (fault) {
      const isOver = SESSION_OVER.has(fault.code);
      if (!isOver && wasOn) this.start();
      if (!isOver) throw fault;
    }
    this.me = null;
    this.#http.session = null;
    this.#clear();
    await this.#keeper.clear();
  }

  /** Connect, and stay connected until stop(); resolved when all is caught up for the first time, or it ended. */
  async start() {
    if (!this.me && !await this.resume()) throw new ParleyError('log in first', { code: 40101, status: 401 });
    this.endedReason = '';
    this.#line.start();
    this.#refreshInTime();
    await this.#events.until(() => ['live', 'ended', 'stopped'].includes(this.state));
  }

  /** Go offline; the session and the model stay. @returns {Promise<void>} resolved when storage has all */
  stop() {
    clearTimeout(this.#refreshTimer);
    this.#settings.stop();
    this.#line.stop('stopped');
    return this.#keeper.flush();
  }

  /** Try to connect now, or see whether the connection lives: somebody is waiting. */
  async poke() {
    if (this.state === 'stopped' || this.state === 'ended') return;
    this.#line.socket.poke();
    try {
      await this.#http.fresh(); // the timer for it may have slept as well
      if (this.#http.cookies) await this.request('GET', '/api/users/me'); // another tab may have changed who that is
    } catch (fault) {
      if (SESSION_OVER.has(fault.code)) this.#line.over();
    }
  }

  /**
   * What has no method of its own. @param {string} method @param {string} path
   * @param {{query?: object, body?: any, signal?: AbortSignal}} [more]
   * @returns {Promise<any>} data of the envelope; rejected with ParleyError
   */
  async request(method, path, more = {}) {
    const { era } = this.#http;
    try {
      const data = await this.#http.request(method, path, more);
      if (path === '/api/users/me' && era === this.#http.era) this.#setMe(data);
      return data;
    } catch (fault) {
      if (fault.isOver) this.#line.over();
      throw fault;
    }
  }

  /** Cookies are all tabs': when another has logged somebody else in, nothing of what is here is his. */
  #mustBeMe(user_id) {
    if (this.state === 'stopped' || !this.me || this.me.user_id === user_id) return;
    this.#end('somebody_else');
    throw new ParleyError('somebody else is logged in now', { code: 40101, status: 401 });
  }

  #setMe(more) {
    if (more?.user_id) this.#mustBeMe(more.user_id);
    this.me = { ...this.me, ...more };
    this.#keeper.mark('session');
    this.#events.touch('me');
  }

  #begun({ user_id, username, nickname, role }) {
    const known = this.me?.user_id === user_id ? this.me : {};
    this.#setMe({ ...known, user_id, username, nickname, role });
    this.#model.me = user_id;
    if (this.state !== 'stopped') this.#refreshInTime();
  }

  /** Pictures and files are asked for by the cookie alone: it must never be too old. */
  #refreshInTime() {
    clearTimeout(this.#refreshTimer);
    const left = (this.#http.session?.expires_at ?? 0) - this.#http.now() - REFRESH_AHEAD_MS;
    this.#refreshTimer = setTimeout(async () => {
      try {
        await this.#http.refresh();
      } catch (fault) {
        if (SESSION_OVER.has(fault.code)) this.#line.over();
        else this.#refreshInTime();
      }
    }, Math.max(REFRESH_MIN_MS, timerOf(left)));
  }

  async #prepare() {
    try {
      await this.#http.fresh();
      await this.request('GET', '/api/users/me');
    } catch (fault) {
      if (!SESSION_OVER.has(fault.code)) throw fault;
      this.#line.over();
      return null;
    }
    const { websocket_url, token } = this.#http.session ?? {};
    return { url: websocket_url, protocols: token ? ['bearer', token] : undefined };
  }

  #end(reason) {
    if (this.state === 'ended') return;
    if (this.state === 'stopped') { // nobody waits for news, but who asks next is nobody
      this.me = null;
      this.#events.touch('me', true);
      return;
    }
    clearTimeout(this.#refreshTimer);
    this.endedReason = reason;
    this.#http.session = null;
    this.#line.stop('ended');
    // Where somebody has gone on purpose, another tab has cleared what is kept, and so it stays.
    if (ON_PURPOSE.has(reason)) this.#keeper.clear();
    else if (reason !== 'somebody_else') this.#keeper.mark('session'); // else it is that one's now
    this.#events.emit('ended', reason);
  }

  // ---- The model

  /** @type {Map<string, Conversation>} by conversation_id */
  get conversations() {
    return this.#model.conversations;
  }

  /** Those that are not hidden: pinned ones first, then the newest. @returns {Conversation[]} */
  list() {
    return this.#model.list();
  }

  /**
   * The contiguous stretch that holds seq, or the newest one; seqs that are missing in it are missing everywhere.
   * @param {string} conversation_id @param {number} [seq]
   * @returns {{messages: Message[], has_before: boolean, has_after: boolean} | null} null: nothing is loaded there
   */
  span(conversation_id, seq) {
    return this.#model.rooms.get(conversation_id)?.span(seq) ?? null;
  }

  /** One's own messages without a place yet, in the order of sending. @param {string} conversation_id */
  pending(conversation_id) {
    return [...this.#model.rooms.get(conversation_id)?.pending.values() ?? []];
  }

  /** @param {string} conversation_id @param {string} message_id @returns {Message | undefined} */
  find(conversation_id, message_id) {
    return this.#model.rooms.get(conversation_id)?.find(message_id);
  }

  /** What is known; 'people' is told when more is. @param {string} user_id
   * @returns {import('./records.js').UserProfile | undefined} */
  profile(user_id) {
    return this.#people.profile(user_id);
  }

  /** @param {string} user_id @returns {import('./records.js').UserPresence | undefined} likewise */
  presence(user_id) {
    return this.#people.presence(user_id);
  }

  /** Who is typing now. @param {string} conversation_id @returns {string[]} user_ids */
  typing(conversation_id) {
    return this.#people.typing(conversation_id);
  }

  /** The conversation_id; the conversation is in the model from now on. @param {Address} address */
  open(address) {
    const id = this.#model.idOf(address);
    if (this.#model.rooms.has(id)) return id;
    const room = this.#model.room(id);
    this.#model.show(room);
    if (room.data.group) this.#nameGroup(id, room.data.group.group_id);
    return id;
  }

  async #nameGroup(id, group_id) {
    try {
      const { name } = await this.request('GET', `/api/groups/${encodeURIComponent(group_id)}`);
      const room = this.#model.room(id);
      room.set({ group: { group_id, name } });
      this.#model.show(room);
    } catch {
      // Not ours to see: whoever loads it or sends is told.
    }
  }

  // ---- Histories: they extend the stretches of span(), or make new ones; those that meet are one

  /** The newest messages, unless they are loaded. @param {string} id conversation_id @returns {Promise<void>} */
  loadNewest(id) {
    return this.#histories.newest(id);
  }

  /** Those before seq. @param {string} id @param {number} seq @returns {Promise<void>} */
  loadBefore(id, seq) {
    return this.#histories.before(id, seq);
  }

  /** Those after seq. @param {string} id @param {number} seq @returns {Promise<void>} */
  loadAfter(id, seq) {
    return this.#histories.after(id, seq);
  }

  /** Those around seq. @param {string} id @param {number} seq @returns {Promise<void>} */
  loadAround(id, seq) {
    return this.#histories.around(id, seq);
  }

  /** One message; find() has it then. @param {string} id @param {string} message_id @returns {Promise<Message>} */
  loadMessage(id, message_id) {
    return this.#histories.message(id, message_id);
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
    const to = this.#model.recipient(conversation_id);
    const frame = { type: 'to' in to ? 1 : 2, ...to, ...said };
    this.#outbox.add({ message_id: said.message_id, conversation_id, frame, ...(file ? { file } : {}) });
    return /** @type {Message} */ (this.find(conversation_id, said.message_id));
  }

  /** POST /api/files. @param {Blob} blob
   * @param {{file_name: string, on_progress?: (loaded: number, total: number) => void, signal?: AbortSignal}} how
   * @returns {Promise<any>} content.file */
  upload(blob, how) {
    return this.#http.upload(blob, how);
  }

  /** The bytes of a file. @param {string} url of content.file @returns {Promise<Blob>} */
  download(url) {
    return this.#http.download(url);
  }

  #showPending(entry) {
    const { message_id, conversation_id, frame, error, order } = entry;
    const room = this.#model.room(conversation_id);
    const known = room.pending.get(message_id);
    if (known?.seq || room.seqs.has(message_id)) return; // stored already
    const fault = error && new ParleyError(error.message, error);
    const blob_url = known?.blob_url ?? this.#previews.add(entry.file?.blob);
    room.pending.set(message_id, {
      ...frame, conversation_id, from: this.me.user_id, timestamp: known?.timestamp ?? order,
      state: this.#outbox.stateOf(entry), ...(blob_url ? { blob_url } : {}),
      ...(error ? { error: fault } : {}), ...(entry.file ? { progress: entry.progress ?? 0 } : {}),
    });
    this.#events.touch('list');
    this.#model.show(room);
  }

  #showProgress(entry, loaded, total) {
    entry.progress = total ? loaded / total : 0;
    this.#showPending(entry);
    this.#events.emit('upload', { message_id: entry.message_id, loaded, total });
  }

  /** Send once more what has failed. @param {Message} message */
  retry({ message_id }) {
    this.#outbox.retry(message_id);
  }

  /** Do not send it. @param {Message} message */
  discard({ message_id, conversation_id }) {
    this.#outbox.take(message_id);
    const room = this.#model.room(conversation_id);
    room.pending.delete(message_id);
    this.#events.touch('list');
    this.#model.show(room);
  }

  // ---- Changes of a message: resolved when they show

  /** @param {Message} message @param {object} content @returns {Promise<void>} */
  edit(message, content) {
    return this.#changes.make(message, 'PATCH', '', { body: { content } });
  }

  /** Take it back, for everybody. @param {Message} message @returns {Promise<void>} */
  recall(message) {
    return this.#changes.make(message, 'DELETE', '', { query: { scope: 'all' } });
  }

  /** Delete it for oneself. @param {Message} message @returns {Promise<void>} */
  async remove(message) {
    await this.#changes.make(message, 'DELETE', '', { query: { scope: 'me' } });
    const room = this.#model.room(message.conversation_id);
    room.remove([message.message_id], true);
    this.#model.show(room);
  }

  /** @param {Message} message @param {string} emoji @returns {Promise<void>} */
  react(message, emoji) {
    return this.#changes.make(message, 'POST', '/reactions', { body: { emoji } });
  }

  /** @param {Message} message @param {string} emoji @returns {Promise<void>} */
  unreact(message, emoji) {
    return this.#changes.make(message, 'DELETE', '/reactions', { query: { emoji } });
  }

  /** @param {Message} message @returns {Promise<void>} */
  pin(message) {
    return this.#changes.make(message, 'PUT', '/pin');
  }

  /** @param {Message} message @returns {Promise<void>} */
  unpin(message) {
    return this.#changes.make(message, 'DELETE', '/pin');
  }

  /** Send it on. @param {Message} message @param {Address} address @returns {Promise<any>} message.sent */
  forward(message, address) {
    const body = { new_message_id: newId(), ...this.#model.recipient(this.#model.idOf(address)) };
    return this.request('POST', `${pathOf(message)}/forward`, { body });
  }

  // ---- What one does for oneself

  /** One has read up to seq. @param {string} conversation_id @param {number} seq */
  read(conversation_id, seq) {
    const room = this.#model.room(conversation_id);
    if (seq <= room.data.read_seq) return;
    room.read(seq);
    if (this.state === 'live') this.#line.tellRead(room);
    this.#model.show(room);
  }

  /** Say that one is typing; may be called for each key. @param {Address} address */
  typingIn(address) {
    const id = this.#model.idOf(address);
    if (since(this.#typed.get(id) ?? 0) < TYPING_MS) return;
    this.#typed.set(id, Date.now());
    this.#line.socket.send({ type: TYPING, ...this.#model.recipient(id) });
  }

  /**
   * In effect here at once; while the network is away it is kept, and told afterwards.
   * @param {string} conversation_id @param {{pinned?: boolean, muted?: boolean, draft?: string}} wanted
   * @returns {Promise<boolean>} whether the server has it already; rejected when it refuses
   */
  setConversation(conversation_id, wanted) {
    return this.#settings.set(conversation_id, wanted);
  }

  /** Out of the list until something is said. @param {string} conversation_id @returns {Promise<void>} */
  async hide(conversation_id) {
    const { last_seq } = await this.request('DELETE', `/api/conversations/${encodeURIComponent(conversation_id)}`);
    const room = this.#model.room(conversation_id);
    room.hide(last_seq);
    this.#model.show(room);
  }

  // ---- Storage

  #kept(key) {
    const name = key.slice(2);
    if (key === 'session') return this.#keptSession();
    if (key === 'cursor') return this.#line.cursor;
    return key.startsWith('c/') ? this.#model.snapshot(name) : this.#outbox.snapshot(name);
  }

  #keptSession() {
    return this.me && { me: this.me, tokens: this.#http.cookies ? undefined : this.#http.session ?? undefined };
  }

  #restore(entries) {
    const kept = Object.entries(entries).filter(([key, value]) => key.startsWith('c/') && value);
    try {
      this.#model.restore(Object.fromEntries(kept.map(([key, value]) => [key.slice(2), value])));
      this.#line.cursor = entries.cursor ?? null;
    } catch (fault) {
      this.#events.emit('fault', fault);
      this.#model.clear(); // nothing that we have kept so: all is asked for anew
      this.#keeper.clear();
    }
    this.#adopt(entries);
  }

  /** What another session, another tab, or this page before it was loaded again has left to send. */
  #adopt(entries) {
    const isOurs = ([key, one]) => key === `o/${one?.frame?.message_id}` && typeof one.conversation_id === 'string';
    this.#outbox.adopt(Object.entries(entries).filter(isOurs).map(([, value]) => value));
  }

  /** The tab that kept the model is gone: now this one does, and sends what that one left. */
  async #becomeHolder() {
    if (!this.me) return;
    const entries = await this.#keeper.load();
    if (entries.session?.me?.user_id !== this.me?.user_id) return;
    this.#adopt(entries);
    for (const id of this.#model.rooms.keys()) this.#keeper.mark(`c/${id}`);
    this.#keeper.mark('cursor');
  }

  #clear() {
    this.#line.cursor = null;
    this.#outbox.clear();
    this.#people.clear();
    this.#model.clear();
    this.#model.me = this.me?.user_id ?? '';
    this.#events.touch('me', !this.me);
  }
}
