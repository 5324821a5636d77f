/**
 * Requests to /api, and the session that they are made in.
 *
 * In a page the cookies are the session, and no token is held; elsewhere the tokens are kept here. A token
 * that has expired is exchanged once for all requests that notice it.
 */

/** Codes of a session that is over. */
export const SESSION_OVER = new Set([40101, 40102]);
/** Codes of what may succeed when it is tried again; 0: the network is away. */
export const TRY_AGAIN = new Set([0, 42901, 50301]);
/** How long before its end a token is exchanged, ms. */
const AHEAD_MS = 60_000;
/** Answers that do not come within this are taken as lost, ms; an upload may take longer. */
const ANSWER_MS = 30_000;
/** Nobody is told to wait longer than a day. */
const RETRY_MAX_S = 86_400;
/** An upload that does not move for so long is taken as lost, ms. */
const STALLED_MS = 60_000;

/** A refusal of the server (code and status as docs/protocol.md has them), or code 0: the network is away. */
export class ParleyError extends Error {
  /**
   * @param {string} message in English, for people
   * @param {{code?: number, status?: number, field?: string, retryAfter?: number}} [more]
   *   field: the member at fault; retryAfter: seconds to wait
   */
  constructor(message, { code = 0, status = 0, field = undefined, retryAfter = undefined } = {}) {
    super(message);
    this.name = 'ParleyError';
    this.code = code;
    this.status = status;
    this.field = field;
    this.retryAfter = retryAfter;
    /** The session has ended by it. */
    this.isOver = false;
  }
}

/** @param {number} status @param {any} body @param {string | null} retryAfter the header */
function takeOut(status, body, retryAfter) {
  if (body && body.code === 0) return body.data;
  if (!body || typeof body.code !== 'number') {
    // Not the servers behind the edge: the edge itself, or whatever stands before it.
    throw new ParleyError(`HTTP ${status}`, { code: status >= 500 ? 50301 : 0, status });
  }
  const seconds = Math.min(RETRY_MAX_S, Math.max(0, Number(retryAfter))) || undefined;
  const { code, message, data } = body;
  throw new ParleyError(message, { code, status, field: data?.field, retryAfter: seconds });
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {unknown} fault */
function asError(fault) {
  return fault instanceof ParleyError ? fault : new ParleyError(String((/** @type {any} */ (fault)).message));
}

export class Http {
  /**
   * @param {{url: string, cookies: boolean, fetch: typeof fetch,
   *   onSession: (session: import('./records.js').AuthSession) => void}} options
   *   onSession: a session began or was refreshed
   */
  constructor({ url, cookies, fetch, onSession }) {
    this.url = url.replace(/\/$/, '');
    this.cookies = cookies;
    this.fetch = fetch;
    this.onSession = onSession;
    /** Counts log-ins and ends: what was asked for before the last of them is nobody's any more. */
    this.era = 0;
    this.session = null;
    /** How far the server's clock is ahead of ours, ms. */
    this.ahead = 0;
    this.refreshing = null;
    /** An exchange had no answer. If it was made, the server says for a minute what it said, and ends the session then. */
    this.isUnsure = false;
  }

  /** @type {{token?: string, refresh_token?: string, expires_at: number, websocket_url: string} | null} */
  #session = null;

  get session() {
    return this.#session;
  }

  set session(session) {
    if (!session) this.era += 1;
    this.#session = session;
  }

  /** The server's time, as well as it is known: to the second. */
  now() {
    return Date.now() + this.ahead;
  }

  /** Log in. @param {{username: string, password: string, device: string}} who */
  async enter(who) {
    this.session = null;
    this.#take(await this.send('POST', '/api/login', { body: who }));
  }

  /** @param {import('./records.js').AuthSession} session */
  #take(session) {
    const { token, refresh_token, expires_at, websocket_url } = session;
    this.isUnsure = false;
    this.session = { ...(this.cookies ? {} : { token, refresh_token }), expires_at, websocket_url };
    this.onSession(session);
  }

  /** A session that has ended, or is another's by now, says nothing of the one that is. @param {number} era */
  #mustBeIn(era) {
    if (era !== this.era) throw new ParleyError('the session has ended meanwhile');
  }

  /** Exchange the token; several callers share one exchange. Rejects with 40101 when the session is over. */
  refresh() {
    const kept = this.session?.refresh_token;
    const body = kept && !this.cookies ? { refresh_token: kept } : {};
    const { era } = this;
    this.isUnsure = true;
    this.refreshing ??= this.send('POST', '/api/refresh', { body }).finally(() => this.#mustBeIn(era))
      .then((data) => this.#take(data))
      .finally(() => { this.refreshing = null; });
    return this.refreshing;
  }

  /** A session whose token is good for a while yet. */
  async fresh() {
    const isOld = !this.session || this.session.expires_at - AHEAD_MS < this.now();
    if (isOld || this.isUnsure) await this.refresh();
    return this.session;
  }

  /**
   * A request within the session; the data of the envelope. Refreshes once, when the token is not good any more, unless
   * others have done so while it was on its way.
   * @param {string} method @param {string} path @param {{query?: object, body?: any, signal?: AbortSignal}} [more]
   */
  async request(method, path, more = {}) {
    const { session, era } = this;
    try {
      return await this.send(method, path, more);
    } catch (fault) {
      if (!SESSION_OVER.has(fault.code)) throw fault;
      this.#mustBeIn(era);
    }
    if (this.session && this.session !== session) return this.request(method, path, more);
    try {
      await this.refresh();
    } catch (fault) {
      fault.isOver = SESSION_OVER.has(fault.code);
      throw fault;
    }
    return this.send(method, path, more);
  }

  /** @param {string} path @param {Record<string, any>} [query] what is undefined is left out */
  address(path, query = {}) {
    const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    return this.url + path + (parts.length ? `?${parts.join('&')}` : '');
  }

  /** One HTTP exchange. Throws ParleyError alone.
   * @param {string} method @param {string} path @param {{query?: object, body?: any, signal?: AbortSignal}} more */
  async send(method, path, { query, body, signal }) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.session?.token) headers.Authorization = `Bearer ${this.session.token}`;
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers['Content-Type'] = 'application/json';
    const late = isForm ? undefined : AbortSignal.timeout(ANSWER_MS);
    try {
      const answer = await this.fetch(this.address(path, query), {
        method, headers, credentials: this.cookies ? 'same-origin' : 'omit',
        body: isForm || body === undefined ? body : JSON.stringify(body), signal: signal ?? late,
      });
      this.setClock(answer.headers.get('date'));
      return takeOut(answer.status, parse(await answer.text()), answer.headers.get('retry-after'));
    } catch (fault) {
      throw asError(fault);
    }
  }

  /** @param {string} path @returns {Promise<Blob>} */
  async download(path) {
    const session = await this.fresh();
    const headers = session?.token ? { Authorization: `Bearer ${session.token}` } : undefined;
    try {
      const credentials = this.cookies ? 'same-origin' : 'omit';
      const answer = await this.fetch(this.address(path), { headers, credentials });
      if (answer.ok) return await answer.blob();
      return takeOut(answer.status, parse(await answer.text()), answer.headers.get('retry-after'));
    } catch (fault) {
      throw asError(fault);
    }
  }

  /** @param {string | null} date the header */
  setClock(date) {
    const time = Date.parse(date ?? '');
    // The header has whole seconds: less of a difference than that is none.
    if (!Number.isNaN(time) && Math.abs(time - this.now()) > 2000) this.ahead = time - Date.now();
  }

  /**
   * POST /api/files; content.file of the answer.
   * @param {Blob} blob
   * @param {{file_name: string, on_progress?: (loaded: number, total: number) => void, signal?: AbortSignal}} more
   *   on_progress is called with bytes: in a page as they go, elsewhere at the end
   */
  async upload(blob, { file_name, on_progress = () => {}, signal }) {
    await this.fresh();
    const form = new FormData();
    form.append('file', blob, file_name);
    if (typeof XMLHttpRequest === 'undefined') {
      const content = await this.request('POST', '/api/files', { body: form, signal });
      on_progress(blob.size, blob.size);
      return content;
    }
    return this.#uploadInPage(form, on_progress, signal);
  }

  /** fetch cannot say how far an upload is; XMLHttpRequest can. */
  #uploadInPage(form, on_progress, signal) {
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open('POST', this.address('/api/files'));
      if (this.session?.token) call.setRequestHeader('Authorization', `Bearer ${this.session.token}`);
      const abort = () => call.abort();
      let timer = setTimeout(abort, STALLED_MS);
      call.upload.onprogress = (event) => {
        clearTimeout(timer);
        timer = setTimeout(abort, STALLED_MS);
        on_progress(event.loaded, event.total);
      };
      call.onloadend = () => clearTimeout(timer);
      call.onload = () => {
        try {
          resolve(takeOut(call.status, parse(call.responseText), call.getResponseHeader('retry-after')));
        } catch (fault) {
          reject(fault);
        }
      };
      call.onerror = () => reject(new ParleyError('the network is away'));
      call.onabort = () => reject(new ParleyError('the upload was ended'));
      signal?.addEventListener('abort', abort);
      call.send(form);
    });
  }
}
