/** Who has read a message, and who has not yet. */
import { html, useEffect, useMemo } from '/vendor/preact.js';
import { nameOf, parley, useTopic } from '/client.js';
import { errorText, t } from '/texts.js';
import { Avatar, Button, Dialog, Spinner } from '/ui.js';
import { Pages, usePages } from '/pages.js';

/** @param {{message: object, close: (value?: any) => void}} props */
export function ReceiptsDialog({ message, close }) {
  useTopic('people');
  const { conversation_id, message_id } = message;
  const [conversation, id] = [conversation_id, message_id].map(encodeURIComponent);
  const path = `/api/conversations/${conversation}/messages/${id}/receipts`;
  const pages = useMemo(() => new Pages(path, 'receipts', 'user_id'), [path]);
  usePages(pages);
  useEffect(() => { pages.load(); }, [pages]);
  const isPrivate = conversation_id.startsWith('single:');
  const read = pages.items.filter((receipt) => receipt.read);
  const unread = pages.items.filter((receipt) => !receipt.read);
  return html`<${Dialog} title=${t('msg_who_read')} close=${close}>
    ${pages.loading && html`<${Spinner} label=${t('loading')} />`}
    ${pages.error && html`<p class="field-error" role="alert">${errorText(pages.error)}</p>`}
    <${People} title=${t('msg_read_by')} receipts=${read} />
    <${People} title=${t('msg_not_read_by')} receipts=${unread} isPrivate=${isPrivate} />
    ${!pages.hasMore && !pages.items.length && html`<p class="hint">${t('msg_read_by_nobody')}</p>`}
    ${pages.hasMore && pages.items.length > 0 && html`
      <${Button} onClick=${() => pages.load()}>${t('chat_more')}<//>`}
  <//>`;
}

function People({ title, receipts, isPrivate }) {
  if (!receipts.length) return null;
  const rows = receipts.map(({ user_id, delivered }) => html`<li class="row" key=${user_id}>
    <${Avatar} id=${user_id} name=${nameOf(user_id)} src=${parley.profile(user_id)?.avatar} size=${32} />
    <bdi>${nameOf(user_id)}</bdi>
    ${isPrivate && html`<span class="hint">${t(delivered ? 'state_delivered' : 'state_sent')}</span>`}</li>`);
  return html`<h3 class="receipts-title">${title}</h3><ul aria-label=${title}>${rows}</ul>`;
}
