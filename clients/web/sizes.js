/** Sizes in words. */
import { locale } from '/texts.js';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];

/**
 * "1.4 MB". In steps of 1,024, as the limits of the server are.
 * @param {number} bytes
 * @returns {string}
 */
export function sizeText(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.max(1, Math.floor(Math.log2(bytes) / 10)));
  const value = bytes / 1024 ** step;
  return new Intl.NumberFormat(locale(), {
    style: 'unit', unit: UNITS[step], unitDisplay: 'short', maximumFractionDigits: value < 10 && step ? 1 : 0,
  }).format(value);
}
