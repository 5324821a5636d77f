/** One message: who said it, what, what became of it, and what one can do with it. */
import { Component, h, html, useRef, useState } from '/vendor/preact.js';
import { nameOf, parley, startReply } from '/client.js';
import { t, errorText } from '/texts.js';
import { clock, full } from '/times.js';
import { Avatar, Button, IconButton, hasOverlay, openDialog } from '/ui.js';
import { Icon } from '/icons.js';
import { MessageBody, Quote } from '/message_body.js';
import { openMessageMenu, chooseReaction, canChange } from '/message_menu.js';
import { useLongPress } from '/press.js';
import { ProfileDialog } from '/profile.js';
import { Reactions } from '/reactions.js';
import { recalledText, summaryOf, systemText } from '/summary.js';

const STATES = {
  queued: 'clock', sending: 'clock', sent: 'check', delivered: 'checks', read: 'checks', failed: 'alert',
};

/**
 * Draw again only what has changed: a Message that changes is a new object.
 * @param {{message: object, first: boolean, last: boolean, isGroup: boolean, role?: string,
 *   isStop: boolean, people: number,
 *   language: string, jump: (message_id: string) => void}} props first, last: of a run of its author; isStop:
 * it has the
 *   keyboard's focus when one comes to the list; people: rises when a name may have changed
 */
export class Message extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((key) => next[key] !== this.props[key]);
  }

  render(props) {
    return h(props.message.msg_type === 3 ? SystemMessage : PersonMessage, props);
  }
}

function SystemMessage({ message, isStop }) {
  const text = systemText(message.content);
  return html`<div class="msg system" role="article" aria-label=${`${text} ${full(message.timestamp)}`}
    data-id=${message.message_id} data-seq=${message.seq} tabindex=${isStop ? 0 : -1}>
    <span dir="auto" title=${full(message.timestamp)}>${text}</span></div>`;
}

function PersonMessage({ message, first, last, isGroup, role, isStop, jump }) {
  const [isNear, setNear] = useState(false);
  const isOwn = message.from === parley.me?.user_id;
  const bubble = useRef(null);
  // Android sends contextmenu with a long press: once is enough.
  const open = (anchor) => hasOverlay() || openMessageMenu(message, { role, anchor });
  const press = useLongPress(open);
  const classes = ['msg', isOwn && 'own', first && 'first', last && 'last'].filter(Boolean).join(' ');
  return html`<div class=${classes} role="article" aria-label=${labelOf(message)}
    data-id=${message.message_id} data-seq=${message.seq} tabindex=${isStop ? 0 : -1}
    onMouseEnter=${() => setNear(true)} onMouseLeave=${() => setNear(false)}
    onContextMenu=${(event) => menuByClick(event, open)} ...${press}>
    ${isGroup && !isOwn && html`<div class="msg-avatar">
      ${first && html`<${Author} user_id=${message.from} />`}</div>`}
    <div class="msg-main">
      <div class=${bubbleClass(message)} ref=${bubble}>
        ${isGroup && !isOwn && first && html`
          <span class="msg-name"><bdi>${nameOf(message.from)}</bdi></span>`}
        <${Content} message=${message} jump=${jump} tab=${isStop ? 0 : -1} />
        <${Meta} message=${message} isOwn=${isOwn} />
      </div>
      ${message.reactions?.length > 0 && html`<${Reactions} message=${message} tab=${isStop ? 0 : -1} />`}
      ${message.state === 'failed' && html`<${Failed} message=${message} />`}
    </div>
    ${(isNear || isStop) && html`<${Actions} message=${message} tab=${isStop ? 0 : -1} open=${open} />`}
  </div>`;
}

function Author({ user_id }) {
  const name = nameOf(user_id);
  return html`<button type="button" class="bare" tabindex="-1" aria-label=${t('msg_profile_of', { name })}
    title=${name}
    onClick=${() => openDialog(ProfileDialog, { user_id })}>
    <${Avatar} id=${user_id} name=${name} src=${parley.profile(user_id)?.avatar} size=${32} /></button>`;
}

function bubbleClass({ msg_type, recalled_at }) {
  if (recalled_at) return 'bubble recalled';
  return msg_type === 4 || msg_type === 6 ? 'bubble media' : 'bubble';
}

function Content({ message, jump, tab }) {
  if (message.recalled_at) return html`<span class="msg-text">${recalledText(message)}</span>`;
  return html`
    ${message.forwarded_from && html`<span class="msg-forwarded"><${Icon} name="forward" size=${14} />
      <bdi>${t('msg_forwarded_from', { name: nameOf(message.forwarded_from) })}</bdi></span>`}
    ${message.msg_type === 0 && message.content.reply_to && html`
      <${Quote} conversation_id=${message.conversation_id} message_id=${message.content.reply_to} jump=${jump}
        tab=${tab} />`}
    <${MessageBody} message=${message} tab=${tab} />`;
}

function Meta({ message, isOwn }) {
  return html`<span class="msg-meta">
    ${message.expires_at && !message.recalled_at && html`
      <span title=${t('msg_expires_at', { time: full(message.expires_at) })}>
      <${Icon} name="timer" size=${12} /></span>`}
    ${message.edited_at && !message.recalled_at && html`
      <span title=${full(message.edited_at)}>${t('msg_edited')}</span>`}
    <time title=${full(message.timestamp)} datetime=${new Date(message.timestamp).toISOString()}>
      ${clock(message.timestamp)}</time>
    ${isOwn && !message.recalled_at && html`<${State} state=${message.state ?? 'sent'} />`}
  </span>`;
}

function State({ state }) {
  const text = t(`state_${state}`);
  return html`<span class=${`msg-state ${state}`} role="img" aria-label=${text} title=${text}>
    <${Icon} name=${STATES[state]} size=${15} /></span>`;
}

function Failed({ message }) {
  return html`<div class="msg-failed">
    <span role="alert">${message.error ? errorText(message.error) : t('state_failed')}</span>
    <${Button} kind="plain" onClick=${() => parley.retry(message)}>${t('chat_retry')}<//>
    <${Button} kind="plain" onClick=${() => parley.discard(message)}>${t('chat_delete')}<//></div>`;
}

function Actions({ message, tab, open }) {
  const more = html`<${IconButton} icon="dots" size=${18} label=${t('msg_message_menu')} aria-haspopup="menu"
    tabindex=${tab}
    onClick=${(event) => open(event.currentTarget)} />`;
  if (!canChange(message)) return html`<div class="msg-actions">${more}</div>`;
  return html`<div class="msg-actions">
    <${IconButton} icon="smile" size=${18} label=${t('msg_react')} tabindex=${tab}
      onClick=${(event) => chooseReaction(message, event.currentTarget)} />
    <${IconButton} icon="reply" size=${18} label=${t('msg_reply')} tabindex=${tab}
      onClick=${() => startReply(message)} />
    ${more}</div>`;
}

/** What a screen reader says of a message that the keyboard comes to. */
function labelOf(message) {
  const isOwn = message.from === parley.me?.user_id;
  const parts = [isOwn ? t('system_you') : nameOf(message.from), summaryOf(message), full(message.timestamp)];
  if (message.edited_at && !message.recalled_at) parts.push(t('msg_edited'));
  if (isOwn && !message.recalled_at) parts.push(t(`state_${message.state ?? 'sent'}`));
  return parts.join(', ');
}

// The browser's own menu is what one wants on a link, a picture, or selected text.
function menuByClick(event, open) {
  const isOther = event.target.closest('a, img, video, audio, input') || !getSelection().isCollapsed;
  if (isOther || event.shiftKey) return;
  event.preventDefault();
  open({ x: event.clientX, y: event.clientY });
}
