/** Numbers in words, in the person's language. */
import { locale } from '/texts.js';

/** A count: "12,345". @param {number} n */
export function count(n) {
  return new Intl.NumberFormat(locale()).format(n);
}

/** A rate: "4.8"; whole from a hundred on. @param {number} n */
export function rate(n) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: n < 100 ? 1 : 0 }).format(n);
}

