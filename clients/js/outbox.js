/**
 * What is on its way: every message is kept, here and in storage, until its ack, and sent again with the same
 * message_id, after 5 s, a reconnect and a resync. Files are uploaded first.
 *
 * @typedef {{message_id: string, conversation_id: string, frame: any, order: number, file?: any,
 *   error?: {message: string, code: number, field?: string}, sent_at?: number, tries?: number,
 *   refused_at?: number, pause?: number,
 *   upload?: AbortController, progress?: number}} Entry what storage has of it: all up to error
 */
import { since } from './clock.js';
import { ParleyError, TRY_AGAIN } from './http.js';

const RESEND_MS = 5000;
/** How often the clock looks. */
const TICK_MS = 1000;
/** Messages without an ack at a time, so that a long queue does not come twice by a slow line. */
const WINDOW = 32;
/** The server takes 4 uploads of a user at once; another tab may have some, too. */
const UPLOADS = 2;
/** msg_type of pictures, voices, films, and others. */
const FILES = new Set([4, 5, 6, 7]);
/** After a refusal that is none for ever: 1 s, 2 s, 4 s …, at most this. */
const AGAIN_MAX_MS = 30_000;
/** Frames that the server closes the socket for are never sent. */
const FRAME_MAX_BYTES = 64 * 1024;

/** A message_id that nobody else has. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `m_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export class Outbox {
  /**
   * @param {{transmit: (frame: object) => boolean, upload: (blob: Blob, more: object) => Promise<any>,
   *   onChange: (entry: Entry) => void, onProgress: (entry: Entry, loaded: number, total: number) => void,
   *   onStored: (entry: Entry) => void, onLate: () => void}} options
   *   transmit: false while there is no connection; onStored: what snapshot() gives of it is another;
   *   onLate: there was no ack in time, so the connection may be dead
   */
  constructor(options) {
    this.options = options;
    /** @type {Map<string, Entry>} in the order of sending */
    this.entries = new Map();
    this.isOpen = false;
    this.order = 0;
    /** @type {any} */
    this.timer = null;
  }

  /** @param {Omit<Entry, 'order'>} given */
  add(given) {
    this.order = Math.max(this.order + 1, Date.now());
    const entry = { ...given, order: this.order };
    if (new TextEncoder().encode(JSON.stringify(entry.frame)).length > FRAME_MAX_BYTES) {
      entry.error = { message: 'the message is too long', code: 40001, field: 'content' };
    }
    this.entries.set(entry.message_id, entry);
    this.options.onStored(entry);
    this.options.onChange(entry);
    this.#flush();
  }

  /** What another tab, or this page before it was loaded again, has left. @param {Entry[]} kept */
  adopt(kept) {
    for (const entry of kept.sort((a, b) => a.order - b.order)) {
      if (this.entries.has(entry.message_id)) continue;
      this.entries.set(entry.message_id, entry);
      this.order = Math.max(this.order, entry.order);
      this.options.onStored(entry);
      this.options.onChange(entry);
    }
    this.#flush();
  }

  /** The connection is there and caught up, or a resync came: all that has no ack goes out again. */
  open() {
    this.isOpen = true;
    for (const entry of this.entries.values()) {
      entry.sent_at = undefined;
      entry.pause = 0;
    }
    this.#flush();
  }

  close() {
    this.isOpen = false;
    clearTimeout(this.timer);
    this.timer = null;
    for (const entry of this.entries.values()) {
      if (entry.sent_at === undefined) continue;
      entry.sent_at = undefined;
      this.options.onChange(entry);
    }
  }

  /** Everything that is on its way is left where it is. */
  clear() {
    this.close();
    for (const { upload } of this.entries.values()) upload?.abort();
    this.entries.clear();
  }

  /** @param {string} message_id */
  retry(message_id) {
    const entry = this.entries.get(message_id);
    if (!entry?.error) return;
    entry.error = undefined;
    entry.tries = 0;
    this.options.onStored(entry);
    this.options.onChange(entry);
    this.#flush();
  }

  /** @param {string} message_id @returns {Entry | undefined} what was taken out */
  take(message_id) {
    const entry = this.entries.get(message_id);
    if (!entry) return undefined;
    entry.upload?.abort();
    this.entries.delete(message_id);
    this.options.onStored(entry);
    return entry;
  }

  /** What storage has of it. @param {string} message_id @returns {any} null: nothing */
  snapshot(message_id) {
    const entry = this.entries.get(message_id);
    if (!entry) return null;
    const { conversation_id, frame, order, file, error } = entry;
    return { message_id, conversation_id, frame, order, file, error };
  }

  /** @param {any} ack @returns {Entry | undefined} the entry, when it is stored now */
  ack(ack) {
    const entry = this.entries.get(ack.message_id);
    if (!entry) return undefined; // what was sent twice is answered twice
    if (ack.code === 0) {
      this.take(ack.message_id);
      this.#flush();
      return entry;
    }
    this.#refuse(entry, new ParleyError(ack.message, { code: ack.code, field: ack.data?.field }));
    return undefined;
  }

  /** How a message of it stands. @param {Entry} entry @returns {'queued' | 'sending' | 'failed'} */
  stateOf(entry) {
    if (entry.error) return 'failed';
    return entry.sent_at !== undefined || entry.upload ? 'sending' : 'queued';
  }

  #refuse(entry, fault) {
    entry.sent_at = undefined;
    if (TRY_AGAIN.has(fault.code)) {
      entry.tries = (entry.tries ?? 0) + 1;
      entry.pause = (fault.retryAfter ?? 0) * 1000 || Math.min(AGAIN_MAX_MS, 500 * 2 ** entry.tries);
      entry.refused_at = Date.now();
    } else {
      entry.error = { message: fault.message, code: fault.code, field: fault.field };
      this.options.onStored(entry);
    }
    this.options.onChange(entry);
    this.#flush();
  }

  #flush() {
    if (!this.isOpen) return;
    const all = [...this.entries.values()].filter(({ error }) => !error);
    let flying = all.filter(({ sent_at }) => sent_at !== undefined).length;
    const uploading = new Set(); // conversations: files keep their order, texts need not wait for them
    const held = new Set(); // conversations: what was refused for now is not overtaken
    for (const entry of all) {
      const isHeld = FILES.has(entry.frame.msg_type) && uploading.has(entry.conversation_id);
      const waits = isHeld || held.has(entry.conversation_id);
      if (entry.file) uploading.add(entry.conversation_id);
      if (entry.pause && since(entry.refused_at ?? 0) < entry.pause) {
        if (!entry.file) held.add(entry.conversation_id);
      } else if (entry.sent_at !== undefined) {
        const isLate = since(entry.sent_at) > RESEND_MS;
        if (isLate && this.options.transmit(entry.frame)) {
          entry.sent_at = Date.now();
          this.options.onLate();
        }
      } else if (entry.file) {
        this.#upload(entry);
      } else if (!waits && flying < WINDOW && this.options.transmit(entry.frame)) {
        flying += 1;
        entry.sent_at = Date.now();
        this.options.onChange(entry);
      }
    }
    if (all.length && !this.timer) this.timer = setTimeout(() => this.#tick(), TICK_MS);
  }

  #tick() {
    this.timer = null;
    this.#flush();
  }

  async #upload(entry) {
    const uploads = [...this.entries.values()].filter(({ upload }) => upload).length;
    if (entry.upload || uploads >= UPLOADS) return;
    entry.upload = new AbortController();
    this.options.onChange(entry);
    const { blob, file_name, more } = entry.file;
    const on_progress = (loaded, total) => this.options.onProgress(entry, loaded, total);
    try {
      const content = await this.options.upload(blob, { file_name, on_progress, signal: entry.upload.signal });
      entry.upload = undefined;
      if (!this.entries.has(entry.message_id)) return; // discarded meanwhile
      entry.frame = { ...entry.frame, content: { ...content, ...more } };
      entry.file = undefined;
      this.options.onStored(entry);
      this.options.onChange(entry);
      this.#flush();
    } catch (fault) {
      entry.upload = undefined;
      if (this.entries.has(entry.message_id)) this.#refuse(entry, fault);
    }
  }
}
