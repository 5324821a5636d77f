/** Which messages stand in the page, and how they are grouped. Pure; messages.js draws it. */

/** So many rows are kept on each side of what is visible … */
export const AROUND = 60;
/** … and when fewer than this are left on a side, the window moves. */
export const NEAR = 44;
/** No more rows than this are in the page, whatever happens: layout takes longer with each. */
export const MAX_ROWS = 220;
/** Messages of one person within so many milliseconds make one run, with one avatar and one name. */
const RUN = 5 * 60 * 1000;

/**
 * The seqs of the first and the last row; to is Infinity: follow the newest.
 * @typedef {{from: number, to: number}} Window
 */

/** The index of the first message whose seq is at least seq. */
export function indexOf(messages, seq) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The window around some messages, by their indices.
 * @param {{messages: any[], has_before: boolean, has_after: boolean}} span
 * @param {number} first  the first that is visible
 * @param {number} last   the last that is
 * @returns {Window}
 */
export function windowAround({ messages, has_before, has_after }, first, last) {
  const start = Math.max(0, first - AROUND);
  const end = Math.min(messages.length, last + 1 + AROUND);
  const follows = end === messages.length && !has_after;
  const to = follows ? Infinity : messages[end - 1]?.seq ?? Infinity;
  const begins = start === 0 && !has_before;
  return { from: begins ? -Infinity : messages[start]?.seq ?? -Infinity, to };
}

/**
 * The indices [start, end) of a window, never more than MAX_ROWS.
 * @param {any[]} messages
 * @param {Window} range
 * @param {boolean} stuck  the end is what is looked at: what is too much goes at the beginning
 */
export function windowIndices(messages, range, stuck) {
  const start = range.from === -Infinity ? 0 : indexOf(messages, range.from);
  const end = range.to === Infinity ? messages.length : indexOf(messages, range.to + 1);
  if (end - start <= MAX_ROWS) return [start, Math.max(start, end)];
  return stuck ? [end - MAX_ROWS, end] : [start, start + MAX_ROWS];
}

/** The day of a time at this place, as 2026-11-21. */
export function dayOf(time) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const isNews = (message) => message.msg_type === 3;

const isRun = (one, next) => Boolean(one) && one.from === next.from && !isNews(one) && !isNews(next) &&
  next.timestamp - one.timestamp < RUN;

/**
 * Messages as they are drawn: by days, each row with whether it begins (first) or ends (last) a run of its
 * author, and whether the line "unread" stands above it.
 * @param {any[]} messages  in their order
 * @param {number | null} unreadSeq  the line stands above the message with this seq; null: nowhere
 * @returns {{day: string, timestamp: number,
 *   rows: {message: any, first: boolean, last: boolean, unread: boolean}[]}[]}
 */
export function groupByDay(messages, unreadSeq) {
  const days = [];
  let isMarked = unreadSeq === null;
  messages.forEach((message, at) => {
    const day = dayOf(message.timestamp);
    const isNewDay = days.at(-1)?.day !== day;
    if (isNewDay) days.push({ day, timestamp: message.timestamp, rows: [] });
    // The window's first row has the line only when it is the first unread one itself.
    const unread = !isMarked && message.seq === unreadSeq;
    if (unread) isMarked = true;
    const first = isNewDay || unread || !isRun(messages[at - 1], message);
    if (first && !isNewDay && days.at(-1).rows.length) days.at(-1).rows.at(-1).last = true;
    if (isNewDay && days.length > 1) days.at(-2).rows.at(-1).last = true;
    days.at(-1).rows.push({ message, first, last: at === messages.length - 1, unread });
  });
  return days;
}
