/** Where the words of a search stand in a text. */

const BEFORE = 40; // code points shown before the first hit: about half a line
const AROUND = 240; // code points shown of a long text: some lines of a narrow list

/**
 * Cut a text into parts that are marked and parts that are not and, if it is long, to what is around the first.
 * @param {string} text
 * @param {{start: number, length: number}[]} highlights in code points, ascending, none touching another
 * @returns {{text: string, marked: boolean}[]}
 */
export function highlighted(text, highlights) {
  const points = Array.from(text);
  const first = highlights.length ? highlights[0].start : 0;
  const from = points.length <= AROUND || first <= BEFORE ? 0 : first - BEFORE;
  const to = Math.min(points.length, from + AROUND);
  const parts = [];
  const add = (start, end, marked) => {
    if (start < end) parts.push({ text: points.slice(start, end).join(''), marked });
  };
  let at = from;
  if (from > 0) parts.push({ text: '…', marked: false });
  for (const { start, length } of highlights) {
    if (start >= to) break;
    add(at, start, false);
    add(start, Math.min(start + length, to), true);
    at = Math.min(start + length, to);
  }
  add(at, to, false);
  if (to < points.length) parts.push({ text: '…', marked: false });
  return parts;
}
