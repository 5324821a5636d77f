/** What a text shows besides letters: links, names that it calls, a command, or nothing but emojis. Pure. */

/** No link is longer than this: browsers cut there, too. */
const MAX_LINK = 2048;

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u2028\u2029，。；！？、）】》」]+/giu;
const SIGN = /\p{Extended_Pictographic}|\p{Regional_Indicator}|[#*0-9]\ufe0f\u20e3/u;
// No two of these take the same character: all combinations of them would be tried.
const EMOJI = /^(?:[\p{ExtPict}\p{RI}\p{EMod}\u{e0020}-\u{e007f}\s]|\u200d|\ufe0f|[#*0-9]\ufe0f\u20e3)+$/u;
const WORD = /[\p{L}\p{N}_]/u;
const COMMAND = /^\/[a-z][a-z0-9_-]{0,31}(?=\s|$)/i;

/**
 * A link as it was typed, without the punctuation of the sentence around it.
 * @param {string} typed
 * @returns {string}
 */
function withoutEnd(typed) {
  let end = typed.length;
  for (; end > 0; end--) {
    const last = typed[end - 1];
    if (last === ')' || last === ']') {
      const open = last === ')' ? '(' : '[';
      const part = typed.slice(0, end);
      if (part.split(open).length >= part.split(last).length) break;
    } else if (!'.,;:!?*_~\''.includes(last)) break;
  }
  return typed.slice(0, end);
}

/**
 * Where a link leads, or null when it is none that may be followed: only http and https.
 * @param {string} typed
 * @returns {string | null}
 */
export function linkTarget(typed) {
  if (typed.length > MAX_LINK) return null;
  try {
    const url = new URL(typed);
    return /^https?:$/.test(url.protocol) && url.hostname ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * The links in a text, as [start, end, href].
 * @param {string} text
 */
function* findLinks(text) {
  for (const found of text.matchAll(LINK)) {
    if (found[0].length > MAX_LINK) continue;
    const typed = withoutEnd(found[0]);
    const href = linkTarget(typed);
    if (href) yield /** @type {[number, number, string]} */ ([found.index, found.index + typed.length, href]);
  }
}

/**
 * A stretch of plain text, cut where it names one of the names.
 * @param {string} text
 * @param {string[]} names  longest first, without the @
 */
function* cutNames(text, names) {
  const longest = names[0]?.length ?? 0;
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (at < from || (at > 0 && WORD.test(text[at - 1]))) continue;
    const behind = text.slice(at + 1, at + 1 + longest).toLowerCase();
    const name = names.find((one) => behind.startsWith(one) &&
      text.slice(at + 1, at + 1 + one.length).toLowerCase() === one &&
      !WORD.test(text.slice(at + 1 + one.length, at + 2 + one.length)));
    if (!name) continue;
    if (at > from) yield { kind: 'text', text: text.slice(from, at) };
    from = at + 1 + name.length;
    yield { kind: 'name', text: text.slice(at, from) };
  }
  if (from < text.length) yield { kind: 'text', text: text.slice(from) };
}

/**
 * A text in parts, which joined are the text again.
 * @param {string} text
 * @param {string[]} [names]  what stands behind an @ when somebody is called: nicknames and usernames
 * @returns {{kind: 'text' | 'name' | 'link' | 'command', text: string, href?: string}[]}
 */
export function parseText(text, names = []) {
  const wanted = names.filter(Boolean).map((name) => name.toLowerCase()).sort((a, b) => b.length - a.length);
  const parts = [];
  let from = 0;
  const command = COMMAND.exec(text);
  if (command) {
    parts.push({ kind: 'command', text: command[0] });
    from = command[0].length;
  }
  for (const [start, end, href] of findLinks(text)) {
    if (start < from) continue;
    parts.push(...cutNames(text.slice(from, start), wanted));
    parts.push({ kind: 'link', text: text.slice(start, end), href });
    from = end;
  }
  parts.push(...cutNames(text.slice(from), wanted));
  return /** @type {any} */ (parts);
}

/**
 * Is it one to five emojis and nothing else? Those are shown large.
 * @param {string} text
 */
export function isEmojiOnly(text) {
  if (text.length > 64 || !EMOJI.test(text) || !SIGN.test(text)) return false;
  return [...new Intl.Segmenter().segment(text.replace(/\s/g, ''))].length <= 5;
}
