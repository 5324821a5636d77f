/**
 * All words of the pages, by one table: `key: ['English', '中文']`. Each part keeps its section in texts/.
 * `{name}` is replaced; a text that depends on a number is `{one: '…', other: '…'}` and chosen by `count`.
 */
import { onPreference, preference } from '/preferences.js';
import { shellTexts } from '/texts/shell.js';
import { errorTexts } from '/texts/errors.js';
import { chatTexts } from '/texts/chat.js';
import { composerTexts } from '/texts/composer.js';
import { peopleTexts } from '/texts/people.js';

const LANGUAGES = ['en', 'zh'];
const table = {};
let language = 'en';
let plural = new Intl.PluralRules('en');

/**
 * Put a section into the table. A key that is there already is a mistake, and throws.
 * @param {Record<string, [string | object, string | object]>} texts
 */
export function addTexts(texts) {
  for (const [key, pair] of Object.entries(texts)) {
    if (table[key]) throw new Error(`text '${key}' is there twice`);
    table[key] = pair;
  }
}

/** The locale for Intl: that of the language which is spoken, as the person's browser has it ("en-GB"). */
export function locale() {
  return navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
}

/**
 * A text in the person's language.
 * @param {string} key
 * @param {Record<string, string | number>} [values] for {…}; `count` chooses the plural
 * @returns {string}
 */
export function t(key, values) {
  const pair = table[key];
  if (!pair) throw new Error(`there is no text '${key}'`);
  let text = pair[LANGUAGES.indexOf(language)];
  if (typeof text === 'object') text = text[plural.select(values.count)] ?? text.other;
  return values ? text.replace(/\{(\w+)\}/g, (_, name) => String(values[name])) : text;
}

/**
 * What went wrong, in words for the person: by the code of the protocol, else the server's own words.
 * @param {{code?: number, message?: string, retryAfter?: number}} error
 * @returns {string}
 */
export function errorText(error) {
  const key = `error_${error.code}`;
  if (!table[key]) return error.message ?? String(error);
  return t(key, { message: error.message ?? '', count: Math.ceil(error.retryAfter ?? 1) });
}

function choose() {
  const chosen = preference('language');
  language = chosen === 'system' ? (navigator.language.startsWith('zh') ? 'zh' : 'en') : chosen;
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

for (const texts of [shellTexts, errorTexts, chatTexts, composerTexts, peopleTexts]) addTexts(texts);
choose();
onPreference(choose);
