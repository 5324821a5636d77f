/**
 * What there is of emoji: loaded when somebody first looks for one, from the files of emojibase.
 *
 * @typedef {{unicode: string, label: string, tags: string[], group: number}} Emoji
 */

import { locale } from '/texts.js';

const RECENT_KEY = 'parley.emoji';
const RECENT_MAX = 32; // four rows of the picker
const COMPONENTS = 2; // emojibase's group of skin tones and hair, which are nothing by themselves

/** @type {Map<string, Promise<Emoji[]>>} */
const loaded = new Map();

/** In which of the languages that emoji have names in the page speaks. @returns {'en' | 'zh'} */
export function emojiLanguage() {
  return locale().startsWith('zh') ? 'zh' : 'en';
}

/** emojibase writes "👍" with a variation selector that others leave out; reactions are compared as texts. */
function plain(unicode) {
  return unicode.replace(/(\p{Emoji_Presentation})\uFE0F/gu, '$1');
}

async function fetchEmoji(language) {
  const answer = await fetch(`/vendor/emoji-${language}.json`);
  if (!answer.ok) throw new Error(`emoji: HTTP ${answer.status}`);
  const all = await answer.json();
  return all.filter(({ group }) => group !== undefined && group !== COMPONENTS)
    .sort((a, b) => a.order - b.order)
    .map(({ unicode, label, tags, group }) => ({ unicode: plain(unicode), label, tags: tags || [], group }));
}

/**
 * All emoji with their names in one language, in the order of Unicode. Fetched once; after a failure
 * the next call tries again.
 * @param {'en' | 'zh'} language as of emojiLanguage()
 * @returns {Promise<Emoji[]>}
 */
export function loadEmoji(language) {
  if (!loaded.has(language)) {
    const promise = fetchEmoji(language);
    promise.catch(() => loaded.delete(language));
    loaded.set(language, promise);
  }
  return loaded.get(language);
}

/** How well an emoji fits: smaller is better, Infinity not at all. */
function rank(emoji, words) {
  const label = emoji.label.toLowerCase();
  const names = label.split(/[\s:,-]+/).concat(emoji.tags);
  const holds = (word) => label.includes(word) || names.some((name) => name.includes(word));
  if (!words.every(holds)) return Infinity;
  const [first] = words;
  if (label.startsWith(first)) return label === words.join(' ') ? 0 : 1;
  if (names.includes(first)) return 2;
  return names.some((name) => name.startsWith(first)) ? 3 : 4;
}

/**
 * Those whose name or tags hold all words of a query, the best first.
 * @param {Emoji[]} list
 * @param {string} query
 * @param {number} limit
 * @returns {Emoji[]}
 */
export function searchEmoji(list, query, limit) {
  const words = query.toLowerCase().split(/[\s_]+/).filter(Boolean);
  if (!words.length) return [];
  return list.map((emoji) => ({ emoji, rank: rank(emoji, words) }))
    .filter((found) => found.rank < Infinity)
    .sort((a, b) => a.rank - b.rank) // sort() is stable: equals stay in Unicode's order
    .slice(0, limit)
    .map((found) => found.emoji);
}

/**
 * The emoji used last on this device, the newest first.
 * @returns {string[]}
 */
export function recentEmoji() {
  try {
    const list = JSON.parse(localStorage.getItem(RECENT_KEY) || '[]');
    return Array.isArray(list) ? list.filter((one) => typeof one === 'string').slice(0, RECENT_MAX) : [];
  } catch {
    return []; // no storage, or somebody else's text in it
  }
}

/**
 * Remember that an emoji was used.
 * @param {string} unicode
 */
export function noteEmoji(unicode) {
  const list = [unicode, ...recentEmoji().filter((one) => one !== unicode)].slice(0, RECENT_MAX);
  try {
    localStorage.setItem(RECENT_KEY, JSON.stringify(list));
  } catch {
    // A full or forbidden storage costs the memory of it, no more.
  }
}
