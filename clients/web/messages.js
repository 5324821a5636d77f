/**
 * The messages of a conversation, as one scrolls through them. What is where: scroller.js; one message:
 * message.js.
 */
import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from '/vendor/preact.js';
import { nameOf, onLive, parley, useTopic } from '/client.js';
import { go, chatHref } from '/router.js';
import { errorText, locale, t } from '/texts.js';
import { day } from '/times.js';
import { Button, IconButton, LiveRegion, Spinner, hasOverlay, toast } from '/ui.js';
import { Message } from '/message.js';
import { openMessageMenu } from '/message_menu.js';
import { groupByDay } from '/rows.js';
import { Scroller } from '/scroller.js';
import { summaryOf } from '/summary.js';

/**
 * @param {{conversation_id: string, message_id?: string, role?: string,
 *   reader: {current: {jump: Function, toNewest: Function} | null}}} props
 *   message_id: begin there; role: one's own in the group; reader: is given what shows a message by its id, and
 *   what shows the newest
 */
export function Messages({ conversation_id, message_id, role, reader }) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  const people = useTopic('people', 'me');
  useTopic(conversation_id, 'state');
  const scroller = useMemo(() => new Scroller(conversation_id, redraw), [conversation_id]);
  const [current, setCurrent] = useState(/** @type {string | null} */ (null));
  const jump = useMemo(() => (id, options) => jumpTo(scroller, id, options), [scroller]);
  reader.current = { jump, toNewest: () => toNewest(scroller) };
  useOpening(scroller, message_id, jump);
  useLooking(scroller);
  const said = useAnnouncements(conversation_id, scroller);
  const messages = scroller.view();
  useLayoutEffect(() => scroller.drawn());
  const isHere = messages.some((message) => message.message_id === current);
  const stop = isHere ? current : messages.at(-1)?.message_id;
  const isGroup = conversation_id.startsWith('group:');
  // All rows of a day are one flat list with keys: else each would be made anew whenever the window moves.
  const draw = ({ message, first, last, unread }) => [
    unread && html`<div class="unread-line" key="unread" role="separator">
      <span>${t('msg_unread_line')}</span></div>`,
    html`<${Message} key=${message.message_id} message=${message} first=${first} last=${last}
      isGroup=${isGroup} role=${role}
      isStop=${message.message_id === stop} people=${people} language=${locale()} jump=${jump} />`,
  ].filter(Boolean);
  return html`<div class="history">
    <div class="scroller" role="log" aria-live="off" aria-label=${t('chat_messages')}
      ref=${(box) => { scroller.place.box = box; }}
      onScroll=${() => scroller.scrolled()}
      onFocusIn=${(event) => setCurrent(rowOf(event)?.dataset.id ?? null)}
      onKeyDown=${(event) => walk(event, scroller, role)}>
      <div class="scroller-content">
        <${Edge} side="before" scroller=${scroller} />
        ${groupByDay(messages, scroller.unread_seq).map(({ day: key, timestamp, rows }) => html`
          <section class="day" key=${key} aria-label=${day(timestamp)}>
            <div class="day-line"><time>${day(timestamp)}</time></div>${rows.flatMap(draw)}</section>`)}
        <${Edge} side="after" scroller=${scroller} />
      </div>
    </div>
    <${ToNewest} scroller=${scroller} conversation_id=${conversation_id} />
    <${LiveRegion} text=${said} />
  </div>`;
}

async function jumpTo(scroller, message_id, options) {
  try {
    if (!await scroller.jump(message_id, options)) toast(t('msg_message_gone'));
  } catch (error) {
    toast(errorText(error), { kind: 'error' });
  }
}

async function toNewest(scroller) {
  try {
    await scroller.toNewest();
  } catch (error) {
    toast(errorText(error), { kind: 'error' });
  }
}

function useOpening(scroller, message_id, jump) {
  const opened = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (opened.current === scroller) {
      if (message_id) jump(message_id);
    } else {
      opened.current = scroller;
      scroller.open(message_id).then((isFound) => (
        !isFound && !scroller.isClosed && toast(t('msg_message_gone'))));
    }
    // The address is that of the conversation again: the same link leads here once more, and a reload goes on
    // below.
    if (message_id) go(chatHref(scroller.conversation_id), { replace: true });
  }, [scroller, message_id]);
}

// What makes rows visible or read besides scrolling: sizes, the window's focus, the network.
function useLooking(scroller) {
  useEffect(() => {
    const observer = new ResizeObserver(() => scroller.resized());
    const { box } = scroller.place;
    observer.observe(box);
    observer.observe(box.firstElementChild);
    const look = () => scroller.look();
    const off = onLive(() => Object.keys(scroller.errors).length && scroller.retry());
    window.addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      observer.disconnect();
      off();
      window.removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
      scroller.close();
    };
  }, [scroller]);
}

// A log that reads itself aloud would read the whole history as it is drawn: only what comes live is said.
function useAnnouncements(conversation_id, scroller) {
  const [said, setSaid] = useState('');
  useEffect(() => parley.on('message', (message) => {
    if (message.conversation_id !== conversation_id) return;
    scroller.arrived(message);
    const text = `${nameOf(message.from)}: ${summaryOf(message)}`;
    setSaid((old) => (old === text ? `${text}\u00a0` : text)); // the same words twice are said twice
  }), [conversation_id]);
  return said;
}

// The room for what is on its way is always there, so that nothing moves when it comes.
function Edge({ side, scroller }) {
  const error = scroller.errors[side] ?? (side === 'before' ? scroller.errors.open : null);
  const isOver = side === 'before' ? scroller.isBeginning : scroller.isEnd;
  if (error) {
    return html`<div class="edge" role="alert"><span>${errorText(error)}</span>
      <${Button} kind="plain" onClick=${() => scroller.retry()}>${t('chat_retry')}<//></div>`;
  }
  if (!scroller.isOpen && side === 'after') return null;
  if (!scroller.isOpen) return html`<div class="edge"><${Spinner} label=${t('loading')} /></div>`;
  if (!isOver) return html`<div class="edge"><${Spinner} /></div>`;
  return side === 'before' && html`<p class="beginning">${t('chat_beginning')}</p>`;
}

function ToNewest({ scroller, conversation_id }) {
  useTopic('list');
  if (!scroller.isOpen || (scroller.isEnd && scroller.place.isStuck)) return null;
  const count = parley.conversations.get(conversation_id)?.unread_count ?? 0;
  const label = count ? t('msg_to_newest_count', { count }) : t('msg_to_newest');
  return html`<div class="to-newest"><${IconButton} icon="arrow_down" label=${label}
      onClick=${() => toNewest(scroller)} />
    ${count > 0 && html`<span class="badge" aria-hidden="true">${count > 99 ? '99+' : count}</span>`}</div>`;
}

const rowOf = (event) => event.target.closest?.('.msg');

// Arrow keys go from message to message, Enter and the menu key open what one can do with it.
function walk(event, scroller, role) {
  const row = rowOf(event);
  if (!row || event.target !== row || event.altKey || event.ctrlKey || event.metaKey || hasOverlay()) return;
  const message = messageOf(scroller, row);
  const isMenuKey = event.key === 'Enter' || event.key === 'ContextMenu' ||
    (event.key === 'F10' && event.shiftKey);
  if (isMenuKey && message) {
    event.preventDefault();
    openMessageMenu(message, { role, anchor: row.querySelector('.bubble') ?? row });
    return;
  }
  const rows = scroller.place.rows();
  const at = [...rows].indexOf(row);
  const steps = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 };
  const next = rows[steps[event.key]];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

function messageOf(scroller, row) {
  const { conversation_id } = scroller;
  return parley.find(conversation_id, row.dataset.id) ??
    parley.pending(conversation_id).find((message) => message.message_id === row.dataset.id);
}

