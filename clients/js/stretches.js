/**
 * Sets of numbers as ascending stretches {low, high}, of which none meets another: which seqs are loaded.
 *
 * @typedef {{low: number, high: number}} Stretch both ends belong to it
 */

/**
 * With one more; those that meet become one.
 * @param {Stretch[]} stretches @param {Stretch} added @returns {Stretch[]}
 */
export function addStretch(stretches, added) {
  const isApart = ({ low, high }) => high + 1 < added.low || low > added.high + 1;
  const meeting = stretches.filter((stretch) => !isApart(stretch));
  const whole = {
    low: Math.min(added.low, ...meeting.map(({ low }) => low)),
    high: Math.max(added.high, ...meeting.map(({ high }) => high)),
  };
  return [...stretches.filter(isApart), whole].sort((a, b) => a.low - b.low);
}

/**
 * What of them lies from low to high.
 * @param {Stretch[]} stretches @param {number} low @param {number} high @returns {Stretch[]}
 */
export function clipStretches(stretches, low, high) {
  return stretches.map((stretch) => ({ low: Math.max(low, stretch.low), high: Math.min(high, stretch.high) }))
    .filter((stretch) => stretch.low <= stretch.high);
}
