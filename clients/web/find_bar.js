/** Search in one conversation: the newest hit first, arrows go from hit to hit. */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { errorText, t } from '/texts.js';
import { IconButton } from '/ui.js';

const TYPING_PAUSE = 300; // milliseconds without a key before the server is asked
const PAGE = 50;

/** @param {{conversation_id: string, jump: (message_id: string) => void, close: () => void}} props */
export function FindBar({ conversation_id, jump, close }) {
  const [query, setQuery] = useState('');
  const [hits, setHits] = useState(/** @type {{ids: string[], cursor: string | null} | null} */ (null));
  const [at, setAt] = useState(0);
  const [error, setError] = useState('');
  const field = useRef(/** @type {any} */ (null));
  useEffect(() => field.current.focus(), []);
  const load = async (cursor, signal) => {
    const page = await parley.request('GET', '/api/messages/search', {
      query: { q: query.trim(), conversation_id, limit: PAGE, cursor }, signal });
    return { ids: page.messages.map(({ message }) => message.message_id), cursor: page.next_cursor };
  };
  useEffect(() => {
    setHits(null);
    setError('');
    if (!query.trim()) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => load(undefined, controller.signal).then((found) => {
      if (controller.signal.aborted) return;
      setHits(found);
      setAt(0);
      if (found.ids.length) jump(found.ids[0]);
    }, (failure) => !controller.signal.aborted && setError(errorText(failure))), TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [query, conversation_id]);
  const show = async (next) => {
    let ids = hits?.ids ?? [];
    if (next >= ids.length && hits?.cursor) {
      const more = await load(hits.cursor).catch((failure) => setError(errorText(failure)));
      if (!more) return;
      ids = [...ids, ...more.ids];
      setHits({ ids, cursor: more.cursor });
    }
    if (next < 0 || next >= ids.length) return;
    setAt(next);
    jump(ids[next]);
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (step) show(at + step);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  };
  const total = hits && `${hits.ids.length}${hits.cursor ? '+' : ''}`;
  const count = hits && (hits.ids.length ? t('msg_find_count', { number: at + 1, count: total })
    : t('msg_find_nothing'));
  return html`<div class="find-bar" role="search" onKeyDown=${onKeyDown}>
    <input type="search" ref=${field} value=${query} aria-label=${t('msg_find_in_chat')}
      placeholder=${t('msg_find_in_chat')}
      onInput=${(event) => setQuery(event.target.value)} />
    <span class="find-count" role="status">${error || count}</span>
    <${IconButton} icon="arrow_up" label=${t('msg_find_older')} onClick=${() => show(at + 1)} />
    <${IconButton} icon="arrow_down" label=${t('msg_find_newer')} onClick=${() => show(at - 1)} />
    <${IconButton} icon="close" label=${t('msg_find_close')} onClick=${close} />
  </div>`;
}
