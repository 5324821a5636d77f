/** Times in words, in the person's language and zone. All take Unix milliseconds. */
import { locale, t } from '/texts.js';

const DAY = 86400000;
const formats = new Map();

// Making a format costs far more than using it, and lists use hundreds.
function format(options) {
  const key = locale() + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale(), options));
  return formats.get(key);
}

function startOfDay(time) {
  return new Date(time).setHours(0, 0, 0, 0);
}

// By calendar days, which have 23 or 25 hours twice a year.
function daysAgo(time) {
  return Math.round((startOfDay(Date.now()) - startOfDay(time)) / DAY);
}

/** The time of day: "14:05". @param {number} time */
export function clock(time) {
  return format({ hour: '2-digit', minute: '2-digit' }).format(time);
}

/** The day, for separators: "Today", "Yesterday", "Tuesday", "21 November 2026". @param {number} time */
export function day(time) {
  const days = daysAgo(time);
  if (days === 0) return t('today');
  if (days === 1) return t('yesterday');
  if (days > 1 && days < 7) return format({ weekday: 'long' }).format(time);
  return format({ day: 'numeric', month: 'long', year: 'numeric' }).format(time);
}

/** Short, for lists: the time today, then the weekday, then the date. @param {number} time */
export function short(time) {
  const days = daysAgo(time);
  if (days === 0) return clock(time);
  if (days === 1) return t('yesterday');
  if (days > 1 && days < 7) return format({ weekday: 'short' }).format(time);
  return format({ day: 'numeric', month: 'numeric', year: '2-digit' }).format(time);
}

/** Day and time in full, for tooltips and screen readers. @param {number} time */
export function full(time) {
  return format({ dateStyle: 'long', timeStyle: 'short' }).format(time);
}

/** How long ago: "5 minutes ago". @param {number} time */
export function ago(time) {
  const seconds = Math.round((time - Date.now()) / 1000);
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  if (seconds > -60) return t('just_now');
  if (seconds > -3600) return relative.format(Math.ceil(seconds / 60), 'minute');
  if (seconds > -86400) return relative.format(Math.ceil(seconds / 3600), 'hour');
  return relative.format(-daysAgo(time), 'day');
}

/** A length: "1:05". @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const rest = String(seconds % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}
