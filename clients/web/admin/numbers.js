/** Numbers in words, in the person's language. */
import { locale } from '/texts.js';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];

/** A count: "12,345". @param {number} n */
export function count(n) {
  return new Intl.NumberFormat(locale()).format(n);
}

/** A rate: "4.8"; whole from a hundred on. @param {number} n */
export function rate(n) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: n < 100 ? 1 : 0 }).format(n);
}

/** A size: "1.3 GB". @param {number} bytes */
export function size(bytes) {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(locale(), { style: 'unit', unit: UNITS[power],
    unitDisplay: power ? 'short' : 'long', maximumFractionDigits: power ? 1 : 0 }).format(bytes / 1000 ** power);
}
