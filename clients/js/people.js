/**
 * What is known of people: profiles and presence, asked for when they are first wanted, and who is typing.
 *
 * @typedef {(method: string, path: string, more?: {query?: object}) => Promise<any>} Request
 */

import { since } from './clock.js';

/** A profile that is older than this is asked for again when it is wanted, ms; what is shown meanwhile stays. */
const STALE_MS = 5 * 60_000;
/** Likewise for who is here: only friends' comings and goings are told, and may be lost. */
const PRESENCE_STALE_MS = 60_000;
/** After a failure, nobody asks again before this, ms. */
const PAUSE_MS = 10_000;
/** Questions at a time, so that a group of 2,000 does not become 2,000 requests at once. */
const AT_ONCE = 4;
/** As GET /api/presence has it. */
const PRESENCES = 100;
/** Whoever types says so about every second; after this he has stopped, ms. */
const TYPING_MS = 4000;
/** People kept; beyond, the first known are asked for again. */
const PEOPLE_MAX = 5000;

/** @param {Map<string, any>} map @param {string} key @param {any} value */
function keep(map, key, value) {
  map.set(key, value);
  for (const first of map.keys()) {
    if (map.size <= PEOPLE_MAX) break;
    map.delete(first);
  }
}

export class People {
  /**
   * @param {{request: Request, onProfile: (profile: any) => void, onPeople: () => void,
   *   onTyping: (conversation_id: string) => void}} options
   */
  constructor(options) {
    this.options = options;
    /** @type {Map<string, {profile?: any, asked: number}>} */
    this.profiles = new Map();
    /** @type {Map<string, {row?: import('./records.js').UserPresence, asked: number}>} */
    this.presences = new Map();
    /** @type {Map<string, Map<string, any>>} conversation_id: user_id: the timer of its end */
    this.typers = new Map();
    /** @type {string[]} whose profiles are wanted */
    this.queue = [];
    this.asking = 0;
    /** @type {Set<string>} whose presence is wanted */
    this.wanted = new Set();
  }

  clear() {
    for (const typers of this.typers.values()) for (const timer of typers.values()) clearTimeout(timer);
    for (const map of [this.profiles, this.presences, this.typers, this.wanted]) map.clear();
    this.queue = [];
  }

  /** @param {string} user_id */
  profile(user_id) {
    const known = this.profiles.get(user_id);
    const age = since(known?.asked ?? 0);
    if (age > (known?.profile ? STALE_MS : PAUSE_MS)) {
      keep(this.profiles, user_id, { ...known, asked: Date.now() });
      this.queue.push(user_id);
      this.#ask();
    }
    return known?.profile;
  }

  async #ask() {
    const user_id = this.asking < AT_ONCE && this.queue.shift();
    if (!user_id) return;
    this.asking += 1;
    try {
      const profile = await this.options.request('GET', `/api/users/${encodeURIComponent(user_id)}`);
      keep(this.profiles, user_id, { profile, asked: Date.now() });
      this.options.onProfile(profile);
    } catch {
      // Nobody by that name, or no network: what is known stays, and is asked for after a pause.
    }
    this.asking -= 1;
    this.#ask();
  }

  /** Ask for it again: it has just been changed. @param {string} user_id */
  forget(user_id) {
    const known = this.profiles.get(user_id);
    if (known) known.asked = 0;
    this.options.onPeople();
  }

  /** @param {string} user_id */
  presence(user_id) {
    const known = this.presences.get(user_id);
    if (since(known?.asked ?? 0) > PRESENCE_STALE_MS) this.#wantPresence(user_id);
    return known?.row;
  }

  #wantPresence(user_id) {
    keep(this.presences, user_id, { ...this.presences.get(user_id), asked: Date.now() });
    if (!this.wanted.size) queueMicrotask(() => this.#askPresence());
    this.wanted.add(user_id);
  }

  async #askPresence() {
    const user_ids = [...this.wanted];
    this.wanted.clear();
    for (let at = 0; at < user_ids.length; at += PRESENCES) {
      const query = { user_ids: user_ids.slice(at, at + PRESENCES).join(',') };
      try {
        const { presences } = await this.options.request('GET', '/api/presence', { query });
        for (const row of presences) keep(this.presences, row.user_id, { row, asked: Date.now() });
      } catch {
        return; // as profiles: it is asked for again
      }
    }
    this.options.onPeople();
  }

  /** A frame 40. @param {{user_id: string, online: boolean, last_seen?: number | null}} frame */
  setPresence({ user_id, online, last_seen }) {
    keep(this.presences, user_id, { row: { user_id, online, last_seen }, asked: Date.now() });
    this.options.onPeople();
  }

  /** Frames may have been missed: all that was ever wanted is asked for again. */
  refresh() {
    for (const user_id of this.presences.keys()) this.#wantPresence(user_id);
  }

  /** @param {string} conversation_id @param {string} user_id */
  startTyping(conversation_id, user_id) {
    const typers = this.typers.get(conversation_id) ?? new Map();
    this.typers.set(conversation_id, typers);
    clearTimeout(typers.get(user_id));
    typers.set(user_id, setTimeout(() => this.endTyping(conversation_id, user_id), TYPING_MS));
    this.options.onTyping(conversation_id);
  }

  /** @param {string} conversation_id @param {string} user_id */
  endTyping(conversation_id, user_id) {
    const typers = this.typers.get(conversation_id);
    if (!typers?.has(user_id)) return;
    clearTimeout(typers.get(user_id));
    typers.delete(user_id);
    this.options.onTyping(conversation_id);
  }

  /** @param {string} conversation_id */
  typing(conversation_id) {
    return [...this.typers.get(conversation_id)?.keys() ?? []];
  }
}
