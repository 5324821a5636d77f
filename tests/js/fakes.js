/** A server of a few lines, to which a Parley is connected without a network. */
import { Parley } from '../../clients/js/parley.js';

/** Let all that is due come: promises and microtasks; timers are the test's. */
export const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

export const ME = 'user_me';
export const BEN = 'user_ben';
export const ID = `single:${BEN}:${ME}`;

export const message = (seq, more = {}) => ({
  type: 1, message_id: `message-${seq}`, from: BEN, to: ME, content: { text: `number ${seq}` }, msg_type: 0,
  timestamp: seq, conversation_id: ID, seq, ...more,
});

/** A conversation in a page of sync, with its messages from 1 to last. */
export const conversation = (last, more = {}) => ({
  conversation_id: ID, type: 'single', peer: { user_id: BEN, username: 'ben', nickname: 'Ben' }, last_message: null,
  last_seq: last, read_seq: last, unread_count: 0, mentioned: false, pinned: false, muted: false, updated_at: last,
  messages: Array.from({ length: last }, (_, at) => message(at + 1)), limited: false, after_seq: 0, changes: [],
  hidden_message_ids: [], pinned_ids: [], receipts: [], first_seq: 0, change_seq: 0, ...more,
});

export class FakeServer {
  /** Requests, as 'GET /api/sync?limit=30'. */
  asked = [];
  /** Frames that came. */
  got = [];
  sockets = [];
  syncs = 0;
  /** What the next pages of sync give; then nothing is new. */
  pages = [];
  /** Answers by path that are not the usual ones: (query) => [status, body]. */
  answers = {};
  isAway = false;

  /** @returns {Promise<Parley>} logged in, or what enter() does instead; not started */
  async connect(options = {}, enter = (one) => one.login({ username: 'me', password: 'a password' })) {
    const server = this;
    class FakeSocket {
      constructor(url, protocols) {
        Object.assign(this, { url, protocols, readyState: 0 });
        server.sockets.push(this);
        queueMicrotask(() => (server.isAway ? this.end(1006) : this.open()));
      }

      open() {
        this.readyState = 1;
        this.onopen?.();
      }

      send(text) {
        server.got.push(JSON.parse(text));
      }

      say(...frames) {
        for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
      }

      end(code) {
        this.readyState = 3;
        this.onclose?.({ code });
      }

      close() {
        this.readyState = 3;
      }
    }
    const parley = new Parley({ url: 'http://fake', WebSocket: FakeSocket, fetch: (...call) => this.fetch(...call), ...options });
    await enter(parley);
    return parley;
  }

  /** The socket that is open now. */
  get socket() {
    return this.sockets.at(-1);
  }

  sent(type) {
    return this.got.filter((frame) => frame.type === type);
  }

  async fetch(address, { method = 'GET' } = {}) {
    if (this.isAway) throw new TypeError('fetch failed');
    const { pathname, search, searchParams } = new URL(address);
    this.asked.push(`${method} ${pathname}${search}`);
    const [status, body] = await this.answer(pathname, searchParams);
    return new Response(JSON.stringify(body), { status });
  }

  async answer(path, query) {
    const special = this.answers[path];
    if (special) return special(query);
    const session = { user_id: ME, username: 'me', nickname: 'Me', role: 'user', token: 'token', refresh_token: 'more',
      expires_at: Date.now() + 15 * 60_000, websocket_url: 'ws://fake/ws' };
    if (path === '/api/login' || path === '/api/refresh') return [200, { code: 0, data: session }];
    if (path === '/api/users/me') return [200, { code: 0, data: { user_id: ME, nickname: 'Me' } }];
    if (path !== '/api/sync') return [404, { code: 40401, message: 'no such thing', data: null }];
    this.syncs += 1;
    const page = this.pages.shift() ?? { conversations: [] };
    return [200, { code: 0, data: { cursor: `sync_${this.syncs}`, has_more: false, ...page } }];
  }
}
