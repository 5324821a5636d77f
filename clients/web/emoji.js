/**
 * The emoji picker: a small window beside what opened it. Tabs for the groups, a search field, and a
 * grid that the arrow keys walk.
 */
import { html, useEffect, useMemo, useRef, useState } from '/vendor/preact.js';
import { t } from '/texts.js';
import { openPopup } from '/ui.js';
import { emojiLanguage, loadEmoji, noteEmoji, recentEmoji, searchEmoji } from '/emoji_data.js';

const COLUMNS = 8;
const FOUND_MAX = 96;
const RECENT = 'recent';
/** emojibase's groups with the emoji that stands for each; 2 are components. */
const GROUPS = [
  [RECENT, '🕘'], [0, '😀'], [1, '👋'], [3, '🐻'], [4, '🍏'], [5, '🚗'], [6, '⚽'], [7, '💡'], [8, '❤️'], [9, '🏁'],
];

/** The emoji of a group, or those that were found. */
function shown(all, group, query) {
  if (query.trim()) return searchEmoji(all, query, FOUND_MAX);
  if (group !== RECENT) return all.filter((emoji) => emoji.group === group);
  const known = new Map(all.map((emoji) => [emoji.unicode, emoji]));
  return recentEmoji().map((unicode) => known.get(unicode)).filter(Boolean);
}

/** Where the arrow keys lead from place `at` of `count`; -1: up, out of the grid. */
function step(key, at, count) {
  const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (!(key in moves)) return null;
  const next = at + moves[key];
  if (next < 0) return key === 'ArrowUp' ? -1 : 0;
  return next < count ? next : key === 'ArrowDown' ? at : count - 1;
}

function Tabs({ group, on_choose }) {
  const onKeyDown = (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const at = GROUPS.findIndex(([id]) => id === group);
    const [next] = GROUPS[(at + move + GROUPS.length) % GROUPS.length];
    on_choose(next);
    event.currentTarget.querySelector(`[data-group="${next}"]`).focus();
  };
  return html`
    <div class="emoji-tabs" role="tablist" aria-label=${t('emoji_groups')} onKeyDown=${onKeyDown}>
      ${GROUPS.map(([id, sign]) => html`
        <button key=${id} type="button" role="tab" data-group=${id} class="emoji-tab"
          title=${t(`emoji_group_${id}`)} aria-label=${t(`emoji_group_${id}`)} aria-selected=${id === group ? 'true' : 'false'}
          tabindex=${id === group ? 0 : -1} onClick=${() => on_choose(id)}>${sign}</button>`)}
    </div>`;
}

function Grid({ list, label, grid, on_choose, on_leave }) {
  const [at, setAt] = useState(0);
  useEffect(() => setAt(0), [list]);
  const onKeyDown = (event) => {
    const next = step(event.key, at, list.length);
    if (next === null) return;
    event.preventDefault();
    if (next < 0) {
      on_leave();
      return;
    }
    setAt(next);
    grid.current.querySelectorAll('button')[next].focus();
  };
  const rows = [];
  for (let i = 0; i < list.length; i += COLUMNS) rows.push(list.slice(i, i + COLUMNS));
  return html`
    <div class="emoji-grid" role="grid" aria-label=${label} ref=${grid} onKeyDown=${onKeyDown}>
      ${rows.map((row, y) => html`
        <div key=${row[0].unicode} role="row" class="emoji-row">
          ${row.map((emoji, x) => html`
            <div key=${emoji.unicode} role="gridcell">
              <button type="button" class="emoji" title=${emoji.label} aria-label=${emoji.label}
                tabindex=${y * COLUMNS + x === at ? 0 : -1} onFocus=${() => setAt(y * COLUMNS + x)}
                onClick=${() => on_choose(emoji.unicode)}>${emoji.unicode}</button>
            </div>`)}
        </div>`)}
    </div>`;
}

function Picker({ close }) {
  const [all, setAll] = useState(/** @type {any[] | null} */ (null));
  const [failed, setFailed] = useState(false);
  const [group, setGroup] = useState(recentEmoji().length ? RECENT : 0);
  const [query, setQuery] = useState('');
  const box = useRef(null);
  const grid = useRef(null);
  const field = useRef(null);
  useEffect(() => { loadEmoji(emojiLanguage()).then(setAll, () => setFailed(true)); }, []);
  // With the query, and not after it: who presses Enter at once means what he has typed.
  const list = useMemo(() => (all ? shown(all, group, query) : []), [all, group, query]);
  const choose = (unicode) => {
    noteEmoji(unicode);
    close(unicode);
  };
  const onFieldKey = (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      grid.current?.querySelector('button')?.focus();
    } else if (event.key === 'Enter' && query && list.length) {
      event.preventDefault();
      choose(list[0].unicode);
    }
  };
  const onKeyDown = (event) => {
    if (event.key === 'Tab') keepFocus(event, box.current);
  };
  const found = query.trim() ? t('emoji_found', { count: list.length }) : t(`emoji_group_${group}`);
  return html`
    <div class="emoji-picker" role="dialog" aria-label=${t('emoji_title')} ref=${box} onKeyDown=${onKeyDown}>
      <input class="emoji-search" type="search" ref=${field} value=${query} placeholder=${t('emoji_search')}
        aria-label=${t('emoji_search')} autocomplete="off" onInput=${(event) => setQuery(event.target.value)}
        onKeyDown=${onFieldKey} />
      <${Tabs} group=${group} on_choose=${(id) => { setQuery(''); setGroup(id); }} />
      <p class="emoji-label" role="status">${all ? found : t(failed ? 'emoji_failed' : 'emoji_loading')}</p>
      ${all && html`<${Grid} list=${list} label=${found} grid=${grid} on_choose=${choose}
        on_leave=${() => field.current.focus()} />`}
    </div>`;
}

/** Tab goes round the stops: the field, the tab, the emoji that the arrows have reached. */
function keepFocus(event, box) {
  const stops = [...box.querySelectorAll('input, button')].filter((one) => one.tabIndex >= 0);
  const at = stops.indexOf(document.activeElement);
  const next = stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length];
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

/**
 * Let somebody choose an emoji. The focus returns to where it was.
 * @param {Element} anchor what the window stands beside
 * @returns {Promise<string | null>} null: he did not want one
 */
export async function openEmojiPicker(anchor) {
  return (await openPopup(anchor, Picker)) ?? null;
}
