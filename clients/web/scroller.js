/**
 * Which stretch of a conversation is in the page, and what is seen of it: opens where reading goes on, moves
 * the window of rows as one scrolls, loads older and newer pages ahead of that, follows the end, and tells
 * what was read. messages.js draws what view() gives, and calls drawn() after each drawing.
 */
import { isLooking, parley } from '/client.js';
import { Place } from '/place.js';
import { AROUND, MAX_ROWS, NEAR, indexOf, windowAround, windowIndices } from '/rows.js';

const READ_DELAY = 200; // milliseconds: of what is scrolled past, only the last is told
const FLASH_TIME = 1600;
const RELOAD_PAUSE = 2000; // milliseconds between two tries to have the newest messages again

function isForReading({ from, msg_type, recalled_at }) {
  return from !== parley.me?.user_id && msg_type !== 3 && !recalled_at;
}

export class Scroller {
  /** @param {string} conversation_id @param {() => void} redraw */
  constructor(conversation_id, redraw) {
    this.conversation_id = conversation_id;
    this.redraw = redraw;
    this.place = new Place();
    /** @type {import('./rows.js').Window} */
    this.range = { from: -Infinity, to: Infinity };
    /** The stretch that is shown holds this seq; null: the newest. */
    this.seq = null;
    /** Where to scroll once it is drawn. */
    this.goal = null;
    this.isOpen = false;
    /** The message that it was to begin with. @type {string | undefined} */
    this.wanted = undefined;
    /** The line "unread" stands above this seq. */
    this.unread_seq = null;
    this.isEnd = false;
    this.isBeginning = false;
    this.isLoading = { before: false, after: false };
    /** What went wrong when a page was loaded: {before?, after?, open?} */
    this.errors = {};
    this.read_seq = 0;
    this.readTimer = 0;
    this.isClosed = false;
    /** Counts what was to be shown: an answer to an older wish moves nothing any more. */
    this.wishes = 0;
    /** The stretch that view() took its messages from. */
    this.drawnSpan = null;
    this.reloadedAt = 0;
    /** How far it was scrolled before the last drawing. @type {number | undefined} */
    this.top = undefined;
  }

  span() {
    const { conversation_id, seq } = this;
    return (seq !== null && parley.span(conversation_id, seq)) || parley.span(conversation_id);
  }

  /** What is to be drawn: messages in their order. Empty until it is open. */
  view() {
    const span = this.isOpen ? this.span() : null;
    this.drawnSpan = span;
    this.top = this.place.box?.scrollTop;
    if (!span) return [];
    const [start, end] = windowIndices(span.messages, this.range, this.place.isStuck && this.seq === null);
    this.isEnd = end === span.messages.length && !span.has_after;
    this.isBeginning = start === 0 && !span.has_before;
    const shown = span.messages.slice(start, end);
    if (!this.isEnd) return shown;
    const pending = parley.pending(this.conversation_id);
    if (pending.length) this.unread_seq = null; // who answers has read
    return pending.length ? [...shown, ...pending] : shown;
  }

  /**
   * Begin: at a message, at the first unread one, or at the end.
   * @param {string} [message_id]
   * @returns {Promise<boolean>} false: there is no such message, and it began as without
   */
  async open(message_id) {
    delete this.errors.open;
    this.wanted = message_id;
    let isFound = true;
    try {
      if (message_id) isFound = await this.jump(message_id);
      if (!message_id || !isFound) await this.openUnread();
    } catch (error) {
      this.errors.open = error;
    }
    this.isOpen = true;
    if (!this.goal) this.goal = { kind: 'end' };
    this.redraw();
    return isFound;
  }

  async openUnread() {
    const id = this.conversation_id;
    const wish = ++this.wishes;
    const { unread_count = 0, read_seq = 0 } = parley.conversations.get(id) ?? {};
    let span = parley.span(id);
    const isThere = () => span?.messages.length > 0 &&
      (span.messages[0].seq <= read_seq + 1 || !span.has_before);
    if (unread_count && !isThere()) {
      await parley.loadAround(id, read_seq + 1);
      span = parley.span(id, read_seq + 1) ?? parley.span(id);
    } else if (!span) {
      await parley.loadNewest(id);
      span = parley.span(id);
    }
    if (!span || wish !== this.wishes) return;
    const messages = span.messages;
    const first = messages.findIndex((message) => message.seq > read_seq && isForReading(message));
    if (!unread_count || first < 0) {
      this.range = windowAround(span, messages.length - 1, messages.length - 1);
      return;
    }
    this.unread_seq = messages[first].seq;
    this.seq = this.unread_seq;
    this.range = windowAround(span, first, first);
    this.goal = { kind: 'unread' };
  }

  /**
   * Show a message, wherever it is, and let it flash.
   * @param {string} message_id
   * @param {{focus?: boolean}} [options] focus: put the keyboard there, too
   * @returns {Promise<boolean>} false: it is not there, or not any more; true also when something else was wished
   *   for meanwhile
   * @throws {ParleyError} when it cannot be loaded
   */
  async jump(message_id, { focus = false } = {}) {
    const id = this.conversation_id;
    const wish = ++this.wishes;
    const seq = await this.findSeq(message_id);
    const has = (span) => span?.messages.some((message) => message.message_id === message_id);
    if (seq === null || this.isClosed) return false;
    if (!has(parley.span(id, seq))) await parley.loadAround(id, seq);
    const span = parley.span(id, seq);
    if (!has(span)) return false;
    if (wish !== this.wishes) return true;
    const at = indexOf(span.messages, seq);
    this.seq = seq;
    this.range = windowAround(span, at, at);
    this.place.isStuck = false;
    this.goal = { kind: 'row', message_id, focus };
    this.redraw();
    return true;
  }

  async findSeq(message_id) {
    try {
      const message = parley.find(this.conversation_id, message_id) ??
        await parley.loadMessage(this.conversation_id, message_id);
      return message.seq ?? null;
    } catch (error) {
      if (error.code === 40401 || error.code === 40001) return null;
      throw error;
    }
  }

  /** Show the newest messages. @throws {ParleyError} */
  async toNewest() {
    const id = this.conversation_id;
    const wish = ++this.wishes;
    if (!parley.span(id)) await parley.loadNewest(id);
    const span = parley.span(id);
    if (!span || wish !== this.wishes) return;
    this.seq = null;
    this.range = windowAround(span, span.messages.length - 1, span.messages.length - 1);
    this.place.isStuck = true;
    this.goal = { kind: 'end' };
    this.redraw();
  }

  /** The rows stand in the page as view() said. Before anything is painted. */
  drawn() {
    if (!this.place.box || !this.isOpen) return;
    if (this.goal && this.reach(this.goal)) this.goal = null;
    else this.place.restore(this.top);
    this.look();
  }

  reach({ kind, message_id, focus }) {
    if (kind === 'end') {
      this.place.isStuck = true;
      this.place.toEnd();
      return true;
    }
    const { box } = this.place;
    const element = kind === 'unread' ? box.querySelector('.unread-line') : this.place.find(message_id);
    if (!element) return false;
    this.place.isStuck = false;
    this.place.show(element, kind === 'unread' ? 0.2 : 0.4);
    if (kind === 'row') flash(element);
    if (focus) element.focus({ preventScroll: true });
    return true;
  }

  /** Something became taller or shorter: pictures, the window. */
  resized() {
    if (!this.place.box || !this.isOpen) return;
    this.place.restore();
    this.look();
  }

  /** It was scrolled. What grew in the same moment must not count as that. */
  scrolled() {
    this.place.restore();
    this.look();
  }

  /** See what is visible, and do what follows from it. */
  look() {
    const { place, drawnSpan: span } = this;
    if (!this.isOpen || !place.box?.clientHeight) return;
    if (!span) {
      this.reload();
      return;
    }
    const wasStuck = place.isStuck;
    place.record(this.isEnd);
    const { first, last, read } = place.visible();
    const rows = place.rows();
    const seqAt = (at) => Number(rows[at]?.dataset.seq || Infinity);
    if (last >= first) {
      this.seq = place.isStuck ? null : Math.min(seqAt(first), span.messages.at(-1)?.seq ?? Infinity);
      if (this.seq === Infinity) this.seq = null;
      this.moveWindow(span, indexOf(span.messages, seqAt(first)), indexOf(span.messages, seqAt(last)));
      for (let at = read; at >= 0; at--) {
        if (seqAt(at) !== Infinity) {
          this.read(seqAt(at));
          break;
        }
      }
    }
    if (wasStuck !== place.isStuck) this.redraw(); // the button that leads to the end
  }

  moveWindow(span, first, last) {
    const { messages, has_before, has_after } = span;
    const [start, end] = windowIndices(messages, this.range, this.place.isStuck);
    const isTight = (first - start < NEAR && start > 0) || (end - 1 - last < NEAR && end < messages.length) ||
      end - start >= MAX_ROWS;
    if (isTight) {
      this.range = windowAround(span, first, Math.min(last, messages.length - 1));
      const [newStart, newEnd] = windowIndices(messages, this.range, this.place.isStuck);
      if (newStart !== start || newEnd !== end) this.redraw();
    }
    if (has_before && first < AROUND) this.load('before', messages[0]?.seq);
    if (has_after && messages.length - last < AROUND) this.load('after', messages.at(-1)?.seq);
  }

  async load(side, seq) {
    if (this.isLoading[side] || this.errors[side] || seq === undefined) return;
    this.isLoading[side] = true;
    try {
      if (side === 'before') await parley.loadBefore(this.conversation_id, seq);
      else await parley.loadAfter(this.conversation_id, seq);
    } catch (error) {
      this.errors[side] = error;
    }
    this.isLoading[side] = false;
    if (!this.isClosed) this.redraw();
  }

  // The model forgot all: its cursor was too old.
  async reload() {
    if (this.isLoading.before || this.errors.open || Date.now() - this.reloadedAt < RELOAD_PAUSE) return;
    this.isLoading.before = true;
    this.reloadedAt = Date.now();
    try {
      await this.toNewest();
    } catch (error) {
      this.errors.open = error;
    }
    this.isLoading.before = false;
    if (!this.isClosed) this.redraw();
  }

  /** Try again what went wrong. */
  retry() {
    const { open } = this.errors;
    this.errors = {};
    if (open) this.open(this.wanted);
    else this.look();
    this.redraw();
  }

  // What is on the screen while nobody looks is not read.
  read(seq) {
    const conversation = parley.conversations.get(this.conversation_id);
    if (!conversation?.unread_count || seq <= conversation.read_seq || !isLooking()) return;
    this.read_seq = Math.max(this.read_seq, seq);
    this.readTimer ||= setTimeout(() => {
      this.readTimer = 0;
      if (!this.isClosed) parley.read(this.conversation_id, this.read_seq);
    }, READ_DELAY);
  }

  /** A message came, live. */
  arrived(message) {
    const read_seq = parley.conversations.get(this.conversation_id)?.read_seq ?? 0;
    const isLineOld = this.unread_seq === null || this.unread_seq <= read_seq;
    if (!isLooking() && isLineOld && isForReading(message)) this.unread_seq = message.seq;
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.readTimer);
  }
}

function flash(element) {
  const colour = getComputedStyle(element).getPropertyValue('--flash') || 'transparent';
  element.animate({ backgroundColor: [colour, colour, 'transparent'] }, { duration: FLASH_TIME });
}
