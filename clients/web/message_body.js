/**
 * What a message holds, by its kind, and the quote of what it answers. All of it is text of others: never
 * HTML.
 */
import { html, useEffect, useState } from '/vendor/preact.js';
import { nameOf, parley, useTopic } from '/client.js';
import { t } from '/texts.js';
import { Icon } from '/icons.js';
import { FileContent } from '/media.js';
import { isEmojiOnly, parseText } from '/richtext.js';
import { summaryOf } from '/summary.js';

/** A longer text is shown in part: 10,000 characters are many screens. */
const LONG = 1500;
const EVERYBODY = ['all', 'everybody', '所有人', '全体成员'];

/** @param {{message: object, tab: number}} props tab: the tabindex of its links and buttons */
export function MessageBody({ message, tab }) {
  switch (message.msg_type) {
    case 0: return html`<${TextContent} content=${message.content} tab=${tab} />`;
    case 4: case 5: case 6: case 7: return html`<${FileContent} message=${message} />`;
    case 8: return html`<${LocationContent} content=${message.content} tab=${tab} />`;
    default: return html`<${CustomContent} content=${message.content} tab=${tab} />`;
  }
}

function namesIn({ at_user_ids = [], at_all }) {
  const names = at_all ? [...EVERYBODY] : [];
  for (const user_id of at_user_ids) {
    const profile = parley.profile(user_id);
    names.push(profile?.nickname, profile?.username);
  }
  return names;
}

function TextContent({ content, tab }) {
  const [isWhole, setWhole] = useState(false);
  const text = String(content.text ?? '');
  if (isEmojiOnly(text)) return html`<span class="msg-text msg-emoji">${text}</span>`;
  const isCut = text.length > LONG && !isWhole;
  const parts = parseText(isCut ? text.slice(0, LONG) : text, namesIn(content));
  const drawn = parts.map((part) => drawPart(part, tab));
  return html`<span class="msg-text" dir="auto">${drawn}${isCut && '…'}</span>
    ${text.length > LONG && html`<button type="button" class="link msg-more" tabindex=${tab}
      onClick=${() => setWhole(!isWhole)}>${t(isWhole ? 'msg_show_less' : 'msg_show_all')}</button>`}`;
}

function drawPart({ kind, text, href }, tab) {
  if (kind === 'link') {
    return html`<a href=${href} target="_blank" rel="noopener noreferrer" tabindex=${tab}>${text}</a>`;
  }
  if (kind === 'name') return html`<span class="msg-at">${text}</span>`;
  if (kind === 'command') return html`<code>${text}</code>`;
  return text;
}

function LocationContent({ content, tab }) {
  const { title } = content;
  const [lat, lng] = [Number(content.lat), Number(content.lng)];
  const href = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lng}#map=16/${lat}/${lng}`;
  return html`<span class="msg-location"><${Icon} name="location" size=${28} />
    <span><span class="msg-title" dir="auto">${title || t('kind_location')}</span>
      <span class="msg-sub">${lat.toFixed(5)}, ${lng.toFixed(5)}</span>
      <a href=${href} target="_blank" rel="noopener noreferrer"
        tabindex=${tab}>${t('msg_open_map')}</a></span></span>`;
}

function CustomContent({ content, tab }) {
  return html`<span class="msg-text msg-custom">${t('msg_custom_unknown')}</span>
    <details class="msg-data"><summary tabindex=${tab}>${t('msg_custom_data')}</summary>
      <pre dir="ltr">${JSON.stringify(content, null, 2)}</pre></details>`;
}

/**
 * What a message answers; a click leads there.
 * @param {{conversation_id: string, message_id: string, jump: (message_id: string) => void,
 *   tab?: number}} props
 */
export function Quote({ conversation_id, message_id, jump, tab }) {
  const message = useMessage(conversation_id, message_id);
  if (!message) {
    return html`<span class="msg-quote gone">${t(message === null ? 'msg_quote_gone' : 'loading')}</span>`;
  }
  return html`<button type="button" class="msg-quote" tabindex=${tab} title=${t('msg_quote_show')}
    onClick=${() => jump(message_id)}>
    <span class="msg-quote-name"><bdi>${nameOf(message.from)}</bdi></span>
    <span class="msg-quote-text" dir="auto">${summaryOf(message)}</span></button>`;
}

/**
 * A message by its id, loaded if it is not here.
 * @returns {object | null | undefined} null: it is gone, or cannot be loaded now; undefined: on its way
 */
export function useMessage(conversation_id, message_id) {
  useTopic(conversation_id, 'people');
  const [loaded, setLoaded] = useState(/** @type {any} */ (undefined));
  const here = parley.find(conversation_id, message_id);
  const isHere = Boolean(here);
  useEffect(() => {
    let isOld = false;
    if (!isHere) {
      parley.loadMessage(conversation_id, message_id).then((message) => !isOld && setLoaded(message),
        () => !isOld && setLoaded(null));
    }
    return () => { isOld = true; };
  }, [conversation_id, message_id, isHere]);
  return here ?? loaded;
}
