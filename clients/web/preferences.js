/** What a person chose for this browser: kept in localStorage, and equal in all tabs. */
import { useEffect, useState } from '/vendor/preact.js';

const KEY = 'parley.preferences';

/** All of them, with what each may be; the first holds until something else is chosen. */
const CHOICES = {
  theme: ['system', 'light', 'dark'],
  language: ['system', 'en', 'zh'],
  notifications: [false, true], // asked for by a click in the settings
  send_key: ['enter', 'ctrl_enter'],
};

let values = read();
const listeners = new Set();

function read() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // Storage is forbidden, or holds what is not ours.
  }
  const known = Object.entries(CHOICES).map(([name, all]) => [name, all.includes(kept[name]) ? kept[name] : all[0]]);
  return Object.fromEntries(known);
}

function apply() {
  const root = document.documentElement;
  if (values.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = values.theme;
  colourWindow();
  for (const fn of [...listeners]) fn();
}

// What a phone draws around the page: of the chosen theme, whatever the system's is.
function colourWindow() {
  const ground = getComputedStyle(document.documentElement).getPropertyValue('--bg');
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.content = ground;
}

window.addEventListener('storage', (event) => {
  if (event.key !== KEY) return;
  values = read();
  apply();
});

if (values.theme !== 'system') colourWindow();

/**
 * One preference.
 * @param {keyof typeof CHOICES} name
 */
export function preference(name) {
  return values[name];
}

/**
 * Choose, for all tabs of this browser. Where storage is forbidden it holds until the page is closed.
 * @param {keyof typeof CHOICES} name
 * @param {string | boolean} value
 */
export function setPreference(name, value) {
  values = { ...values, [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // The choice still holds in this tab.
  }
  apply();
}

/**
 * Be told of every change, this tab's and others'.
 * @param {() => void} fn
 * @returns {() => void} takes it off again
 */
export function onPreference(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

/**
 * A preference, as a hook: its component is drawn again when it changes.
 * @param {keyof typeof CHOICES} name
 */
export function usePreference(name) {
  const [, redraw] = useState(0);
  useEffect(() => onPreference(() => redraw((n) => n + 1)), []);
  return values[name];
}
