/**
 * What lies above the page: dialogs, menus and other pop-ups, in one stack. While a dialog is open the page
 * below is inert; Esc and a click beside it close the uppermost; the focus goes back to where it was.
 */
import { html, render, useEffect, useLayoutEffect, useRef, useState } from '/vendor/preact.js';
import { t } from '/texts.js';
import { Icon } from '/icons.js';

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), textarea, select, [tabindex="0"]';
const MARGIN = 8; // pixels between a pop-up and the window's edge

let stack = [];
let lastId = 0;

function draw() {
  const dialogs = stack.filter((overlay) => overlay.is_dialog);
  document.getElementById('app').inert = dialogs.length > 0;
  const top = dialogs.at(-1);
  const host = document.getElementById('overlays');
  render(stack.map((overlay) => html`<${Overlay} key=${overlay.id} overlay=${overlay}
    inert=${overlay.is_dialog && overlay !== top} />`), host);
}

function open(overlay) {
  const focused = document.activeElement;
  return new Promise((resolve) => {
    const id = ++lastId;
    const close = (value) => {
      if (!stack.some((other) => other.id === id)) return;
      stack = stack.filter((other) => other.id !== id);
      draw();
      if (focused?.isConnected && !focused.closest('[inert]')) focused.focus({ preventScroll: true });
      resolve(value);
    };
    stack = [...stack, { ...overlay, id, close }];
    draw();
  });
}

/**
 * Open a dialog. Component is drawn with the props and `close(value)`, and should return a Dialog.
 * @param {Function} Component
 * @param {object} [props]
 * @returns {Promise<any>} what close() was given; undefined when it was closed by Esc or a click beside it
 */
export function openDialog(Component, props = {}) {
  return open({ Component, props, is_dialog: true });
}

/**
 * Open a pop-up at an element or a point: menus, pickers. The page stays alive; a click elsewhere closes it.
 * @param {Element | {x: number, y: number}} anchor
 * @param {Function} Component drawn with the props and `close(value)`
 * @param {object} [props]
 * @returns {Promise<any>} what close() was given
 */
export function openPopup(anchor, Component, props = {}) {
  return open({ Component, props, anchor, is_dialog: false });
}

/** Is anything open above the page? Keys of the page do nothing then. */
export function hasOverlay() {
  return stack.length > 0;
}

/** Close all, when the session ends: nothing of it stays on the screen. */
export function closeOverlays() {
  for (const overlay of [...stack].reverse()) overlay.close();
}

window.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented || !stack.length) return;
  event.preventDefault();
  event.stopPropagation();
  stack.at(-1).close();
});

window.addEventListener('pointerdown', (event) => {
  const top = stack.at(-1);
  if (!top || top.is_dialog) return;
  const inside = document.querySelector(`[data-overlay="${top.id}"]`)?.contains(event.target);
  if (!inside) top.close();
}, true);

function Overlay({ overlay, inert }) {
  const { Component, props, close, id, anchor } = overlay;
  const ref = useRef(null);
  useLayoutEffect(() => {
    if (anchor) place(ref.current, anchor);
    const wanted = ref.current.querySelector('[autofocus]') ?? ref.current.querySelector(FOCUSABLE);
    wanted?.focus({ preventScroll: true });
  }, []);
  return html`<div class=${anchor ? 'popup' : 'overlay'} data-overlay=${id} ref=${ref} inert=${inert}
    onKeyDown=${(event) => trap(event, ref.current)}
    onClick=${(event) => !anchor && event.target === ref.current && close()}>
    <${Component} ...${props} close=${close} />
  </div>`;
}

// Below the anchor and flush with it, above where there is no room; always inside the window.
function place(element, anchor) {
  const box = anchor.getBoundingClientRect?.() ?? new DOMRect(anchor.x, anchor.y, 0, 0);
  const own = element.getBoundingClientRect();
  const below = box.bottom + 4;
  const top = below + own.height + MARGIN <= innerHeight ? below : Math.max(MARGIN, box.top - own.height - 4);
  const wanted = box.left + own.width + MARGIN <= innerWidth ? box.left : box.right - own.width;
  const left = Math.min(Math.max(MARGIN, wanted), Math.max(MARGIN, innerWidth - own.width - MARGIN));
  element.style.top = `${Math.min(top, Math.max(MARGIN, innerHeight - own.height - MARGIN))}px`;
  element.style.left = `${left}px`;
}

// Tab stays inside.
function trap(event, root) {
  if (event.key !== 'Tab') return;
  const all = [...root.querySelectorAll(FOCUSABLE)].filter((element) => element.offsetParent !== null);
  if (!all.length) return;
  const index = all.indexOf(document.activeElement);
  const next = event.shiftKey ? (index <= 0 ? all.length - 1 : index - 1) : (index + 1) % all.length;
  event.preventDefault();
  all[next].focus();
}

/**
 * A dialog's frame: its title, a button that closes it, its content, and its actions below.
 * @param {{title: string, close: () => void, children: any, actions?: any, wide?: boolean}} props
 */
export function Dialog({ title, close, children, actions, wide = false }) {
  const [id] = useState(() => `dialog-${++lastId}`);
  const look = wide ? 'dialog wide' : 'dialog';
  return html`<div class=${look} role="dialog" aria-modal="true" aria-labelledby=${id}>
    <header>
      <h2 id=${id} dir="auto">${title}</h2>
      <button type="button" class="icon-button" aria-label=${t('close')} onClick=${() => close()}>
        <${Icon} name="close" /></button>
    </header>
    <div class="dialog-body">${children}</div>
    ${actions && html`<footer>${actions}</footer>`}
  </div>`;
}

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} [icon] a name of icons.js
 * @property {() => void} onSelect
 * @property {boolean} [danger] drawn in red
 * @property {boolean} [checked] one of a choice, and chosen or not
 */

/**
 * Open a menu: arrow keys, Home, End, first letters; Esc closes.
 * @param {Element | {x: number, y: number}} anchor
 * @param {MenuItem[]} items
 * @param {string} label its accessible name
 */
export async function openMenu(anchor, items, label) {
  // A long press and the contextmenu that some browsers make of it are one wish.
  if (stack.some((overlay) => overlay.Component === Menu)) return;
  const chosen = await openPopup(anchor, Menu, { items, label });
  chosen?.onSelect();
}

function Menu({ items, label, close }) {
  const ref = useRef(null);
  const move = (event) => {
    const all = [...ref.current.querySelectorAll('[role^=menuitem]')];
    const index = all.indexOf(document.activeElement);
    const steps = { ArrowDown: index + 1, ArrowUp: index - 1 + all.length, Home: 0, End: all.length - 1 };
    let next = all[steps[event.key] % all.length];
    if (!next && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const typed = event.key.toLocaleLowerCase();
      next = all.find((item) => item.textContent.trim().toLocaleLowerCase().startsWith(typed));
    }
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return html`<div class="menu" role="menu" aria-label=${label} ref=${ref} onKeyDown=${move}>
    ${items.map((item) => html`<button type="button" key=${item.label} class=${item.danger ? 'danger' : ''}
      role=${item.checked === undefined ? 'menuitem' : 'menuitemradio'} aria-checked=${item.checked}
      onClick=${() => close(item)}>
      ${item.icon && html`<${Icon} name=${item.icon} size=${20} />`}<span>${item.label}</span>
    </button>`)}
  </div>`;
}

/**
 * Ask before something is done.
 * @param {{title: string, text: string, action: string, danger?: boolean}} question action: the button that
 * does it
 * @returns {Promise<boolean>}
 */
export async function confirm(question) {
  return (await openDialog(Confirm, question)) === true;
}

function Confirm({ title, text, action, danger, close }) {
  return html`<${Dialog} title=${title} close=${close} actions=${html`
    <button type="button" class="button" autofocus=${danger} onClick=${() => close(false)}>${
  t('cancel')}</button>
    <button type="button" autofocus=${!danger} class=${danger ? 'button danger' : 'button primary'}
      onClick=${() => close(true)}>${action}</button>`}>
    <p dir="auto">${text}</p>
  <//>`;
}

/**
 * Text that screen readers say when it changes, and nobody sees.
 * @param {{text: string}} props
 */
export function LiveRegion({ text }) {
  const [said, setSaid] = useState('');
  useEffect(() => setSaid(text), [text]); // a region that is born with its text is not read out
  return html`<div class="visually-hidden" role="status" aria-live="polite">${said}</div>`;
}
