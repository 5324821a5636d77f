/** The bar of pinned messages: shows one, a click jumps to it and shows the one before. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { nameOf } from '/client.js';
import { t } from '/texts.js';
import { Icon } from '/icons.js';
import { useMessage } from '/message_body.js';
import { summaryOf } from '/summary.js';

/** @param {{conversation: object, jump: (message_id: string) => void}} props */
export function PinnedBar({ conversation, jump }) {
  const ids = conversation.pinned_ids ?? [];
  const [back, setBack] = useState(0); // how many pins before the newest
  const newest = ids.at(-1);
  useEffect(() => setBack(0), [newest, ids.length]);
  if (!ids.length) return null;
  const at = ids.length - 1 - (back % ids.length);
  const show = () => {
    jump(ids[at]);
    setBack((back + 1) % ids.length);
  };
  return html`<${Bar} conversation_id=${conversation.conversation_id} message_id=${ids[at]} at=${at}
    count=${ids.length} show=${show} />`;
}

function Bar({ conversation_id, message_id, at, count, show }) {
  const message = useMessage(conversation_id, message_id);
  const absent = () => t(message === null ? 'msg_quote_gone' : 'loading');
  const text = message ? `${nameOf(message.from)}: ${summaryOf(message)}` : absent();
  const title = count > 1 ? t('msg_pinned_number', { number: at + 1, count }) : t('msg_pinned_one');
  return html`<button type="button" class="pinned-bar" onClick=${show} title=${t('msg_pinned_show')}>
    <${Icon} name="pin" size=${20} />
    <span class="pinned-title">${title}</span>
    <span class="pinned-text" dir="auto">${text}</span></button>`;
}
