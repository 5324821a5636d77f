/** One message that somebody reported: looked up with all that it once said, and taken back. */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { ActionError, useAction } from '/action.js';
import { t } from '/texts.js';
import { Button, Field, openDialog, toast } from '/ui.js';
import { full } from '/times.js';
import { ActDialog } from '/admin/act.js';
import { Person } from '/admin/person.js';
import { hrefOf, replaceRoute } from '/admin/route.js';

const SYSTEM = 3; // msg_type

/**
 * The place that a link to a message names: one of the chat page, of the API, or both ids with a slash between.
 * @param {string} text
 * @returns {{conversation_id: string, message_id: string} | null}
 */
function placeOf(text) {
  const path = decodeURI(text.trim()).replace(/^.*(#\/c\/|\/api\/conversations\/|\/v1\/admin\/messages\/)/, '');
  const [conversation_id, message_id, ...rest] = path.replace('/messages/', '/').split('/');
  if (rest.length || !message_id || !/^(single|group):./.test(conversation_id)) return null;
  return { conversation_id, message_id };
}

function readPlace(text) {
  try {
    return placeOf(text);
  } catch {
    return null; // a percent sign that encodes nothing
  }
}

/** @param {{rights: Set<string>, route: import('./route.js').Route}} props */
export function Messages({ rights, route }) {
  const [fault, setFault] = useState('');
  const [found, setFound] = useState(null); // {place, reason, message, changes, next_cursor}
  const { busy, error, run } = useAction();
  const may_read = rights.has('messages.read');
  const submit = async (event) => {
    event.preventDefault();
    const { link, look_up_reason: reason } = Object.fromEntries(new FormData(event.target));
    const place = readPlace(link);
    setFault(place ? '' : t('console_no_link'));
    setFound(null);
    if (!place) return;
    replaceRoute(hrefOf(['messages'], { link: `${place.conversation_id}/${place.message_id}` }));
    if (!may_read) await recall(place);
    else await run(async () => setFound({ place, reason, ...await lookUp(place, reason) }));
  };
  return html`<h1>${t('console_view_messages')}</h1>
    <p class="hint">${t(may_read ? 'console_messages_text' : 'console_messages_text_recall')}</p>
    <form class="filters" onSubmit=${submit}>
      <${Field} label=${t('console_message_link')} name="link" required defaultValue=${route.query.link ?? ''}
        autocomplete="off" spellcheck=${false} error=${fault} hint=${t('console_message_link_hint')} />
      ${may_read && html`<${Field} label=${t('console_reason')} name="look_up_reason" required maxlength="500"
        autocomplete="off" hint=${t('console_reason_hint')} />`}
      <${Button} type="submit" kind=${may_read ? 'primary' : 'danger'} busy=${busy}>${
        t(may_read ? 'console_look_up' : 'console_recall')}<//>
    </form>
    <${ActionError} error=${error} />
    ${found && html`<${Found} found=${found} setFound=${setFound} rights=${rights} />`}`;
}

// Each page is a look of its own, and in the log.
function lookUp({ conversation_id, message_id }, reason, cursor) {
  const path = `/v1/admin/messages/${encodeURIComponent(conversation_id)}/${encodeURIComponent(message_id)}`;
  return parley.request('GET', path, { query: { reason, cursor } });
}

async function recall(place) {
  const done = await openDialog(Recall, { place });
  if (done) toast(t('console_recalled'));
  return Boolean(done);
}

function Recall({ place, close }) {
  const run = ({ reason }) => parley.request('DELETE', `/v1/admin/messages/${
    encodeURIComponent(place.conversation_id)}/${encodeURIComponent(place.message_id)}`, { query: { reason } });
  return html`<${ActDialog} title=${t('console_recall')} label=${t('console_recall')} danger=${true}
    text=${t('console_recall_text')} run=${run} close=${close} />`;
}

function Found({ found, setFound, rights }) {
  const { message, changes, place } = found;
  const heading = useRef(null);
  const { busy, error, run } = useAction();
  useEffect(() => heading.current.focus(), []);
  const takeBack = async () => {
    if (!await recall(place)) return;
    const again = await lookUp(place, found.reason).catch(() => null); // it is done; the rest is only shown
    setFound(again && { ...found, ...again });
  };
  const more = () => run(async () => {
    const page = await lookUp(place, found.reason, found.next_cursor);
    setFound({ ...found, ...page, changes: [...changes, ...page.changes] });
  });
  return html`<article class="card found" aria-label=${t('console_message')}>
    <h2 tabindex="-1" ref=${heading}>${t('console_message')}</h2>
    <p class="hint">${t('console_said_by')} <${Person} user_id=${message.from} />${' · '}${
      full(message.timestamp)}${message.edited_at > 0 && ` · ${t('console_edited')}`}</p>
    ${message.recalled_at > 0
      ? html`<p class="tag danger">${t('console_is_recalled', { time: full(message.recalled_at) })}</p>`
      : html`<${Content} message=${message} content=${message.content} />`}
    ${changes.length > 0 && html`<h3>${t('console_changes')}</h3>
      <ol class="changes">${changes.map((change) => html`
        <${Change} key=${change.change_seq} change=${change} message=${message} />`)}</ol>`}
    ${found.next_cursor && html`<${Button} busy=${busy} onClick=${more}>${t('console_more_changes')}<//>`}
    <${ActionError} error=${error} />
    ${rights.has('messages.recall') && !message.recalled_at && message.msg_type !== SYSTEM && html`
      <p><${Button} kind="danger" onClick=${takeBack}>${t('console_recall')}<//></p>`}
  </article>`;
}

function Content({ message, content }) {
  if (!message.msg_type) return html`<blockquote class="quoted" dir="auto">${content.text}</blockquote>`;
  return html`<pre class="quoted">${JSON.stringify(content, null, 2)}</pre>`;
}

function Change({ change, message }) {
  const { kind, user_id, created_at, emoji, removed } = change;
  return html`<li><p class="hint">${t(`console_change_${kind}${removed ? '_removed' : ''}`)} ${emoji}${' · '}${
      user_id ? html`<${Person} user_id=${user_id} />` : t('console_an_administrator')}${' · '}${full(created_at)}</p>
    ${kind === 'edit' && html`<div class="edit">
      <del><${Content} message=${message} content=${change.old_content} /></del>
      <ins><${Content} message=${message} content=${change.content} /></ins></div>`}</li>`;
}
