/** Keys that work everywhere, and the list of them. */
import { html } from '/vendor/preact.js';
import { parley, ui, uiChanged } from '/client.js';
import { chatHref, go, route } from '/router.js';
import { t } from '/texts.js';
import { Dialog, hasOverlay, openDialog } from '/ui.js';

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const MOD = IS_MAC ? '⌘' : 'Ctrl';
const ALT = IS_MAC ? '⌥' : 'Alt';

const KEYS = [
  [[MOD, 'K'], 'key_search'],
  [[ALT, '↑'], 'key_previous'],
  [[ALT, '↓'], 'key_next'],
  [['Esc'], 'key_close'],
  [['↑', '↓'], 'key_walk'],
  [['Enter'], 'key_menu'],
  [['?'], 'key_help'],
];

/** Begin: called once by the page. */
export function startShortcuts() {
  window.addEventListener('keydown', (event) => {
    if (!parley.me || event.isComposing || event.defaultPrevented || hasOverlay()) return;
    const action = find(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function find(event) {
  const { key, altKey, ctrlKey, metaKey } = event;
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return () => go('#/search');
  if (altKey && !ctrlKey && !metaKey && key === 'ArrowUp') return () => step(-1);
  if (altKey && !ctrlKey && !metaKey && key === 'ArrowDown') return () => step(1);
  const is_writing = event.target.closest?.('input, textarea, select, [contenteditable]');
  if (key === '?' && !is_writing) return () => openDialog(Shortcuts);
  if (key === 'Escape' && route().conversation_id) return closeOne;
  return null;
}

// The uppermost first: the panel at the side, then the chat.
function closeOne() {
  if (!ui.info) return go('#/chats');
  uiChanged((state) => {
    state.info = false;
  });
}

// The conversation before or after the open one in the list.
function step(by) {
  const list = parley.list();
  const index = list.findIndex((conversation) => conversation.conversation_id === route().conversation_id);
  const next = index < 0 ? list[by > 0 ? 0 : list.length - 1] : list[index + by];
  if (next) go(chatHref(next.conversation_id));
}

/** The list of shortcuts. */
export function Shortcuts({ close }) {
  return html`<${Dialog} title=${t('shortcuts')} close=${close}>
    <dl class="shortcuts">${KEYS.map(([keys, text]) => html`<div key=${text}>
      <dt>${keys.map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt><dd>${t(text)}</dd></div>`)}</dl>
  <//>`;
}
