/**
 * Completion in a text field, in the ARIA pattern of a combobox with a listbox: the focus stays in the
 * field, the arrows move the active option, Enter or Tab takes it, Escape closes.
 *
 * @typedef {{key: string, label: string, detail?: string, insert: string, icon?: any}} Option
 * @typedef {{start: number, query: string}} Found  where in the text the word begins, sign included
 * @typedef {{name: string, find: (before: string) => Found | null, options: (query: string) => Option[],
 *   on_choose?: (option: Option) => void}} Source
 */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';

export const OPTIONS_MAX = 8; // more are found by typing on

/**
 * The word before the caret that begins with a sign.
 * @param {string} before the text up to the caret
 * @param {string} sign such as '@'
 * @param {RegExp} previous what must stand before the sign (the last character, or '' at the beginning)
 * @param {RegExp} word what the rest must be
 * @returns {Found | null}
 */
export function findWord(before, sign, previous, word) {
  const start = before.lastIndexOf(sign);
  if (start < 0) return null;
  const query = before.slice(start + sign.length);
  const last = [...before.slice(Math.max(0, start - 2), start)].pop() || '';
  return previous.test(last) && word.test(query) ? { start, query } : null;
}

/** What is offered at this caret, of the first source that has something. */
function offer(text, caret, sources) {
  const before = text.slice(0, caret);
  for (const source of sources) {
    const found = source.find(before);
    const options = found ? source.options(found.query).slice(0, OPTIONS_MAX) : [];
    if (options.length) return { source, found, options };
  }
  return null;
}

/**
 * The state of a completion: call it with what the field holds, spread `field` into the field's
 * attributes, give its key events to onKeyDown() first (true: it was for us), show `list`.
 * @param {{id: string, text: string, caret: number, composing: boolean, sources: Source[],
 *   on_replace: (start: number, end: number, insert: string) => void}} how
 */
export function useCompletion({ id, text, caret, composing, sources, on_replace }) {
  const [moved, setMoved] = useState({ query: '', at: 0 }); // with the arrows, in the list of that query
  const [closed_at, setClosedAt] = useState(-1); // Escape closes for the word that begins here
  const offered = composing ? null : offer(text, caret, sources);
  const open = Boolean(offered) && offered.found.start !== closed_at;
  const query = offered ? `${offered.source.name}${offered.found.start}${offered.found.query}` : '';
  const active = moved.query === query ? moved.at : 0;
  const setActive = (at) => setMoved({ query, at });
  useEffect(() => { if (!offered) setClosedAt(-1); }, [!offered]);

  const choose = (option) => {
    offered.source.on_choose?.(option);
    on_replace(offered.found.start, caret, option.insert);
  };
  const onKeyDown = (event) => {
    if (!open) return false;
    const count = offered.options.length;
    const at = Math.min(active, count - 1);
    if (event.key === 'ArrowDown') setActive((at + 1) % count);
    else if (event.key === 'ArrowUp') setActive((at + count - 1) % count);
    else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') choose(offered.options[at]);
    else if (event.key === 'Escape') setClosedAt(offered.found.start);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const at = open ? Math.min(active, offered.options.length - 1) : -1;
  return {
    open,
    onKeyDown,
    field: {
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-haspopup': 'listbox',
      'aria-expanded': open ? 'true' : 'false',
      'aria-controls': open ? `${id}-list` : undefined,
      'aria-activedescendant': open ? `${id}-${at}` : undefined,
    },
    list: open && html`<${OptionList} id=${id} label=${offered.source.label} options=${offered.options}
      active=${at} on_choose=${choose} />`,
  };
}

function OptionList({ id, label, options, active, on_choose }) {
  const list = useRef(null);
  useEffect(() => {
    list.current.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return html`
    <ul class="completion" role="listbox" id=${`${id}-list`} aria-label=${label} ref=${list}>
      ${options.map((option, i) => html`
        <li key=${option.key} id=${`${id}-${i}`} role="option" class="completion-option"
          aria-selected=${i === active ? 'true' : 'false'}
          onMouseDown=${(event) => { event.preventDefault(); on_choose(option); }}>
          ${option.icon && html`<span class="completion-icon" aria-hidden="true">${option.icon}</span>`}
          <span class="completion-label" dir="auto">${option.label}</span>
          ${option.detail && html`<span class="completion-detail" dir="auto">${option.detail}</span>`}
        </li>`)}
    </ul>`;
}
