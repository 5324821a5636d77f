/** Long lists that stay fast: only the rows that are seen, and some more, are in the document. */
import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from '/vendor/preact.js';

const OVERSCAN = 6; // rows kept beyond what is seen, so that a quick scroll shows no gaps

/**
 * A list of rows of one height. Arrow keys, Home and End walk the links or buttons of its rows.
 * @param {{items: any[], rowHeight: number, keyOf: (item: any) => string, row: (item: any) => any, label:
 *   string, current?: number, onEnd?: () => void}} props rowHeight: CSS pixels; current: the index of a row
 *   that is to be in sight when it changes; onEnd: called when the end comes near, to load more
 */
export function VirtualList({ items, rowHeight, keyOf, row, label, current = -1, onEnd }) {
  const ref = useRef(null);
  const [view, setView] = useState({ top: 0, height: 900 });
  const look = useCallback(() => {
    const { scrollTop, clientHeight } = ref.current;
    const top = Math.floor(scrollTop / rowHeight) * rowHeight; // drawn again by rows, and not by pixels
    setView((old) => (old.top === top && old.height === clientHeight ? old : { top, height: clientHeight }));
  }, [rowHeight]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (current >= 0) reveal(ref.current, current, rowHeight);
  }, [current, rowHeight]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const end = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN + 1);
  useEffect(() => {
    if (onEnd && end >= items.length) onEnd();
  }, [end, items.length]);
  return html`<div class="virtual" ref=${ref} onScroll=${look}
    onKeyDown=${(event) => walk(event, ref.current, items.length, rowHeight)}>
    <ul aria-label=${label} style=${{ height: `${items.length * rowHeight}px` }}>
      ${items.slice(first, end).map((item, index) => html`<li key=${keyOf(item)} aria-setsize=${items.length}
        aria-posinset=${first + index + 1} data-index=${first + index}
        style=${{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}>${row(item)}</li>`)}
    </ul>
  </div>`;
}

function reveal(element, index, rowHeight) {
  const top = index * rowHeight;
  const below = top + rowHeight - element.clientHeight;
  if (element.scrollTop > top) element.scrollTop = top;
  else if (element.scrollTop < below) element.scrollTop = below;
}

function walk(event, element, count, rowHeight) {
  const item = event.target.closest('[data-index]');
  if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
  const index = Number(item.dataset.index);
  const steps = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: count - 1 };
  const wanted = steps[event.key];
  if (wanted === undefined || wanted < 0 || wanted >= count) return;
  event.preventDefault();
  reveal(element, wanted, rowHeight);
  const find = () => element.querySelector(`[data-index="${wanted}"] :is(a, button)`);
  const focus = () => find()?.focus({ preventScroll: true });
  requestAnimationFrame(() => requestAnimationFrame(focus)); // a far row is drawn after the scroll
}
