/** The small parts that all views are made of. Dialogs and menus are in overlay.js, and given on here. */
import { html, render, useState } from '/vendor/preact.js';
import { Icon } from '/icons.js';
import { t } from '/texts.js';

export {
  Dialog, LiveRegion, closeOverlays, confirm, hasOverlay, openDialog, openMenu, openPopup,
} from '/overlay.js';

const TOAST_TIME = 5000; // milliseconds; with an action twice that
const TINTS = 8; // colours of avatars in base.css

/**
 * A button with a text.
 * @param {{children: any, kind?: 'primary' | 'danger' | 'plain', busy?: boolean, disabled?: boolean,
 *   onClick?: Function, type?: string}} props busy: it works, and takes no second click
 */
export function Button({ children, kind = '', busy = false, disabled = false, type = 'button', ...rest }) {
  return html`<button type=${type} class=${`button ${kind}`} disabled=${disabled || busy} aria-busy=${busy}
    ...${rest}>${busy && html`<${Spinner} size=${16} />`}${children}</button>`;
}

/**
 * A button that is an icon. `label` is its name and its tooltip.
 * @param {{icon: string, label: string, onClick: Function, size?: number, pressed?: boolean}} props
 */
export function IconButton({ icon, label, size = 24, pressed, ...rest }) {
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label}
    aria-pressed=${pressed} ...${rest}><${Icon} name=${icon} size=${size} /></button>`;
}

/** Something is on its way. @param {{size?: number, label?: string}} props with a label it is announced */
export function Spinner({ size = 24, label }) {
  return html`<span class="spinner" style=${{ width: `${size}px`, height: `${size}px` }}
    role=${label ? 'status' : undefined} aria-label=${label}
    aria-hidden=${label ? undefined : 'true'}></span>`;
}

/**
 * A person's or group's picture, or initials on a colour that follows from the id. Decorative: the name
 * stands beside it.
 * @param {{id: string, name: string, src?: string, size?: number, online?: boolean}} props src: only our own
 *   files are shown, the page asks no other server; online: draws the dot
 */
export function Avatar({ id, name, src, size = 40, online }) {
  const [broken, setBroken] = useState(null);
  const own = src?.startsWith('/api/files/') && src !== broken;
  const picture = own && (src.endsWith('/thumbnail') ? src : `${src}/thumbnail`);
  const style = { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.4)}px` };
  // The initials are drawn by CSS: they are a picture, and no text of the button that they stand in.
  return html`<span class=${`avatar tint-${tint(id)}`} style=${style} aria-hidden="true"
    data-initials=${own ? '' : initials(name)}>
    ${own && html`<img src=${picture} alt="" loading="lazy" decoding="async"
      onError=${() => setBroken(src)} />`}
    ${online && html`<span class="presence"></span>`}
  </span>`;
}

function tint(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) >>> 0;
  return sum % TINTS;
}

// By what a reader takes for a letter, so that an emoji of seven code points is one.
function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = (word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '';
  if (!words.length) return '?';
  const last = words.length > 1 ? first(words.at(-1)) : '';
  return (first(words[0]) + (/\p{L}/u.test(last) ? last : '')).toLocaleUpperCase();
}

/**
 * Nothing is here yet: say so, and what to do first.
 * @param {{icon: string, title: string, text?: string, children?: any}} props
 */
export function Empty({ icon, title, text, children }) {
  return html`<div class="empty"><span class="empty-icon"><${Icon} name=${icon} size=${40} /></span>
    <p class="empty-title">${title}</p>${text && html`<p>${text}</p>`}${children}</div>`;
}

/**
 * A labelled field of a form, with its error below it.
 * @param {{label: string, name: string, error?: string, hint?: string, type?: string, children?: any}} props
 *   children: stands behind the input, such as a button; all else goes to the input
 */
export function Field({ label, name, error, hint, children, ...rest }) {
  const described = error ? `${name}-error` : hint ? `${name}-hint` : undefined; // the error says it all
  return html`<div class="field">
    <label for=${`field-${name}`}>${label}</label>
    <div class="field-row"><input id=${`field-${name}`} name=${name}
      aria-invalid=${error ? 'true' : undefined} aria-describedby=${described} dir="auto" ...${rest} />
      ${children}</div>
    ${hint && !error && html`<p class="hint" id=${`${name}-hint`}>${hint}</p>`}
    ${error && html`<p class="field-error" id=${`${name}-error`} role="alert">${error}</p>`}
  </div>`;
}

let toasts = [];
let lastToast = 0;

/**
 * Say what happened, for some seconds, below on the screen and to screen readers.
 * @param {string} text
 * @param {{action?: {label: string, onSelect: () => void}, kind?: 'error'}} [options]
 */
export function toast(text, { action, kind } = {}) {
  const id = ++lastToast;
  toasts = [...toasts.slice(-2), { id, text, action, kind }];
  drawToasts();
  setTimeout(() => endToast(id), action ? 2 * TOAST_TIME : TOAST_TIME);
}

function endToast(id) {
  toasts = toasts.filter((other) => other.id !== id);
  drawToasts();
}

/**
 * Draw the toasts' region. Called once when the page begins, so that the region is there before its first
 * text.
 */
export function drawToasts() {
  render(html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.map((each) => html`<${Toast} key=${each.id} ...${each} />`)}</div>`,
  document.getElementById('toasts'));
}

function Toast({ id, text, action, kind }) {
  const act = () => {
    endToast(id);
    action.onSelect();
  };
  return html`<div class=${`toast ${kind ?? ''}`}><span dir="auto">${text}</span>
    ${action && html`<button type="button" class="button" onClick=${act}>${action.label}</button>`}
    <button type="button" class="icon-button" aria-label=${t('dismiss')} onClick=${() => endToast(id)}>
      <${Icon} name="close" size=${18} /></button></div>`;
}
