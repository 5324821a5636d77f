/**
 * Keeps the place in a box of messages that scrolls: whatever is put in or taken away above or below, or
 * becomes taller, what one looks at stays where it is, to the pixel. The browser's own scroll anchoring is
 * off in that box (chat.css): Safari has none, and it does nothing at the very top, where older messages come
 * in.
 */

/** So near the end, in pixels, one reads what is new: the box follows. */
const AT_END = 40;
/** So many of the visible rows are remembered: the first may be the one that goes. */
const MARKS = 12;

export class Place {
  constructor() {
    /** @type {HTMLElement | null} */
    this.box = null;
    /** The end is what is looked at: what comes is scrolled to. */
    this.isStuck = true;
    this.marks = [];
    this.farthest = 0;
  }

  /** All rows, in their order. A live collection: made once, and asked for positions only. */
  rows() {
    return this.box.getElementsByClassName('msg');
  }

  /** @param {string} message_id @returns {HTMLElement | undefined} */
  find(message_id) {
    return [...this.rows()].find((row) => row.dataset.id === message_id);
  }

  /** The index of the first row for which is(row) holds; it must hold for all after that. */
  search(is) {
    const rows = this.rows();
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (is(rows[middle].getBoundingClientRect())) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /**
   * Which rows are visible: their indices, last < first when there are none. read: the last of which one has
   * seen half at least, or as much as there is room for.
   */
  visible() {
    const box = this.box.getBoundingClientRect();
    const first = this.search((row) => row.bottom > box.top);
    const last = this.search((row) => row.top >= box.bottom) - 1;
    const read = this.search((row) => row.top + Math.min(row.height, box.height) / 2 > box.bottom) - 1;
    return { first, last, read };
  }

  distance() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  /** Remember where the visible rows are. canFollow: the newest message is among the rows. */
  record(canFollow) {
    const { first, last } = this.visible();
    const rows = this.rows();
    const origin = this.box.getBoundingClientRect().top - this.box.scrollTop;
    this.farthest = this.box.scrollHeight - this.box.clientHeight;
    this.isStuck = canFollow && this.distance() <= AT_END;
    this.marks = [];
    for (let at = first; at <= last && this.marks.length < MARKS; at++) {
      this.marks.push({ row: rows[at], y: rows[at].getBoundingClientRect().top - origin });
    }
  }

  /**
   * Put what was visible where it was: after rows came, went or grew, before anything is painted. Who reads the
   * end is brought to it when something came there, and not because he stopped a little above it.
   * @param {number} [top] where the box was scrolled to before: when rows went, the browser may have moved
   *   it since
   */
  restore(top = this.box.scrollTop) {
    const left = this.farthest - top; // to the end; more than recorded: no event has told yet
    const mark = this.marks.find(({ row }) => row.isConnected);
    if (mark) {
      const origin = this.box.getBoundingClientRect().top - this.box.scrollTop;
      const y = mark.row.getBoundingClientRect().top - origin;
      const wanted = top + y - mark.y;
      if (Math.abs(wanted - this.box.scrollTop) >= 0.5) this.box.scrollTop = wanted;
    }
    if (this.isStuck && left <= AT_END && (!mark || this.distance() >= left + 1)) this.toEnd();
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
  }

  /**
   * Scroll so that an element's top stands at a part of the box's height (0 top, 0.5 its middle in the
   * middle).
   * @param {Element} element
   * @param {number} part
   */
  show(element, part) {
    const box = this.box.getBoundingClientRect();
    const own = element.getBoundingClientRect();
    const room = Math.max(0, box.height - own.height);
    this.box.scrollTop += own.top - box.top - room * part;
  }
}
