/** Lists of the API that come in pages: one object for each, and what shows its end. */

import { html, useEffect, useReducer, useRef } from '/vendor/preact.js';
import { parley } from '/client.js';
import { t, errorText } from '/texts.js';
import { Button, Spinner } from '/ui.js';

/**
 * A list that comes in pages. `items` is what is here already, without repetitions; `total` is what the
 * server counts (undefined where it does not, or before the first page); `error` is the ParleyError of the last
 * try, or null.
 * Whoever shows it calls usePages(); whoever changes it calls change().
 */
export class Pages {
  /**
   * @param {string} path of the list
   * @param {string} name of the member of the answer that holds the things
   * @param {string} key  of a thing: what tells it from others
   * @param {Record<string, string|number|undefined>} [query] besides limit and cursor
   */
  constructor(path, name, key, query = {}) {
    Object.assign(this, { path, name, key, query });
    this.listeners = new Set();
    this.late = []; // what was changed since the page that is on its way was asked for: it may not know of it
    this.round = 0; // of reset() and reload(): an answer to an older one is dropped
    this.reset();
  }

  /** Forget all, as before the first page. */
  reset() {
    this.round++;
    Object.assign(this, { items: [], total: undefined, cursor: undefined, loading: false, error: null });
    this.tell();
  }

  /** Is there more to load? True before the first page, too. */
  get hasMore() {
    return this.cursor !== null;
  }

  /** Load the next page, unless one is on its way or there is none. Never rejects: see `error`. */
  async load() {
    if (this.loading || !this.hasMore) return;
    await this.take(this.cursor, (items) => [...this.items, ...items]);
  }

  /** Load the first page anew; what is shown stays until it is there. */
  async reload() {
    this.round++;
    await this.take(undefined, (items) => items);
  }

  /** Load all that is left, page after page. Stops at an error. */
  async loadAll() {
    do await this.load(); while (this.hasMore && !this.error && !this.loading);
  }

  /** Let fn make the new items out of the old ones, `total` follows. */
  change(fn) {
    if (this.loading) this.late.push(fn);
    const items = fn(this.items);
    if (this.total !== undefined) this.total += items.length - this.items.length;
    this.items = items;
    this.tell();
  }

  /** Take off the thing with that key. */
  remove(key) {
    this.change((items) => items.filter((item) => item[this.key] !== key));
  }

  async take(cursor, merge) {
    const round = this.round;
    this.loading = true;
    this.late = [];
    this.error = null;
    this.tell();
    try {
      const page = await parley.request('GET', this.path, { query: { limit: 50, ...this.query, cursor } });
      if (round !== this.round) return;
      this.items = this.distinct(merge(page[this.name]));
      this.total = page.total;
      this.cursor = page.next_cursor;
      this.loading = false;
      for (const fn of this.late) this.change((items) => this.distinct(fn(items)));
    } catch (error) {
      if (round === this.round) this.error = error;
    }
    if (round !== this.round) return;
    this.loading = false;
    this.tell();
  }

  /** What came in between two pages moves others onto the next one. */
  distinct(items) {
    return [...new Map(items.map((item) => [item[this.key], item])).values()];
  }

  tell() {
    this.listeners.forEach((fn) => fn());
  }
}

/**
 * Render again whenever pages changes; its first page is asked for. Returns pages.
 * @param {Pages} pages
 */
export function usePages(pages) {
  const [, render] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    pages.listeners.add(render);
    if (pages.cursor === undefined && !pages.error) pages.load();
    render();
    return () => pages.listeners.delete(render);
  }, [pages]);
  return pages;
}

// Call fn when the element behind ref comes into sight; anew whenever dependencies change.
function useSight(ref, fn, dependencies) {
  useEffect(() => {
    if (!fn) return undefined;
    const watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) fn();
    }, { rootMargin: '200px' });
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, dependencies);
}

/**
 * Stands where rows that are loaded already are not on the page yet.
 * @param {{onSight: () => void, count: number}} props count: of the rows on the page
 */
export function Rest({ onSight, count }) {
  const end = useRef(null);
  useSight(end, onSight, [count]);
  return html`<div class="more-rows" ref=${end}></div>`;
}

/** Stands at the end of a list: loads the next page when it comes into sight; shows waiting and errors. */
export function More({ pages }) {
  const end = useRef(null);
  const wanted = !pages.loading && !pages.error && pages.hasMore;
  useSight(end, wanted && (() => pages.load()), [pages, wanted, pages.cursor]);
  return html`<div class="more-rows" ref=${end}>
    ${pages.loading && html`<${Spinner} />`}
    ${pages.error && html`<p class="field-error" role="alert">${errorText(pages.error)}</p>
      <${Button} onClick=${() => (pages.hasMore ? pages.load() : pages.reload())}>${t('try_again')}<//>`}
  </div>`;
}
