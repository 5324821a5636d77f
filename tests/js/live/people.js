/** People for the tests: each with a device of its own, at PARLEY_URL or through a line that can be cut. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Parley } from '../../../clients/js/parley.js';

export const URL_OF_SERVER = process.env.PARLEY_URL ?? 'http://127.0.0.1:8080';
export const PASSWORD = 'correct-horse-battery';

/** How much slower programs may be (tests/system/instance.py). */
const SLOWNESS = Number(process.env.PARLEY_TEST_SLOWNESS) || 1;
export const PATIENCE_MS = 20_000 * SLOWNESS;

/** Resolved as soon as the condition holds; looked at with every change of the model. */
export function until(parley, condition, what, ms = PATIENCE_MS) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearTimeout(timer);
      off();
      settle(value);
    };
    const timer = setTimeout(() => {
      const waiting = parley.list().flatMap(({ conversation_id }) => parley.pending(conversation_id)).length;
      end(reject, new Error(`within ${ms} ms not: ${what}; ${parley.state}, ${waiting} not sent`));
    }, ms);
    const off = parley.on('change', () => { if (condition()) end(resolve); });
    if (condition()) end(resolve);
  });
}

/** What an answer may be whose service is just being replaced, or finds nobody at home for a moment. */
const AWAY = new Set([0, 50301]);

/** What it gives, asked for as often as somebody is away. */
export async function insist(ask) {
  for (const end = Date.now() + 3 * PATIENCE_MS; ; await sleep(100)) {
    try {
      return await ask();
    } catch (fault) {
      if (!AWAY.has(fault.code) || Date.now() > end) throw fault;
    }
  }
}

export const newName = (name) => `${name}_${crypto.randomUUID().slice(0, 13)}`;

/** Open an account, and log in. @returns {Promise<Parley>} not started */
export async function person(name, options = {}) {
  const username = newName(name);
  const parley = new Parley({ url: URL_OF_SERVER, ...options });
  await insist(() => parley.register({ username, password: PASSWORD, nickname: name }));
  await insist(() => parley.login({ username, password: PASSWORD }));
  return parley;
}

/** Another device of the same person. */
export async function device(of, options = {}) {
  const parley = new Parley({ url: URL_OF_SERVER, ...options });
  await insist(() => parley.login({ username: of.me.username, password: PASSWORD }));
  return parley;
}

/** A storage that outlives its Parley, as a browser's does. */
export function memory() {
  const entries = new Map();
  return {
    entries,
    load: async () => Object.fromEntries(structuredClone([...entries])),
    write: async (changes) => {
      for (const [key, value] of Object.entries(structuredClone(changes))) {
        if (value === null) entries.delete(key);
        else entries.set(key, value);
      }
    },
    clear: async () => entries.clear(),
  };
}
