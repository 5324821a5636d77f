/** Times of this machine's clock, which somebody may set, and timers, which take no more than 24 days. */

/** setTimeout takes no more, and does at once what is later. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * How long ago that was, ms. Infinity when it lies ahead: the clock was set back since, and nobody shall wait for it to
 * come so far again.
 * @param {number} time of Date.now()
 */
export function since(time) {
  const ms = Date.now() - time;
  return ms < 0 ? Infinity : ms;
}

/** What a timer can wait for, at most: who wants more looks again then. @param {number} ms */
export function timerOf(ms) {
  return Math.min(TIMER_MAX_MS, Math.max(0, ms || 0));
}
