/** The list of conversations, with its filter and each one's menu. */
import { html, useState } from '/vendor/preact.js';
import { nameOf, parley, titleOf, useTopic } from '/client.js';
import { chatHref, go, route, searchHref } from '/router.js';
import { summaryOf } from '/summary.js';
import { full, short } from '/times.js';
import { errorText, t } from '/texts.js';
import { Avatar, Button, Empty, IconButton, openDialog, openMenu, toast } from '/ui.js';
import { Icon } from '/icons.js';
import { useLongPress } from '/press.js';
import { VirtualList } from '/virtual.js';
import { NewGroupDialog } from '/group.js';
import { findFriend, useRelations } from '/relations.js';

const ROW = 72; // CSS pixels, as .chat-row in list.css
const SKELETONS = 8; // rows of grey while the first sync is on its way

/** @param {{conversation_id?: string}} props which one is open */
export function ChatList({ conversation_id }) {
  const [filter, setFilter] = useState('');
  useTopic('list', 'people', 'state');
  useRelations();
  const all = parley.list();
  const shown = filterList(all, filter);
  const current = shown.findIndex((conversation) => conversation.conversation_id === conversation_id);
  return html`<section class="list-pane" aria-label=${t('chats')}>
    <header class="list-header"><h1>${t('chats')}</h1>
      <${IconButton} icon="plus" label=${t('new_chat')} onClick=${newChat} aria-haspopup="menu" /></header>
    <form class="list-filter" role="search" onSubmit=${(event) => {
      event.preventDefault();
      if (shown.length) go(chatHref(shown[0].conversation_id));
      else go(searchHref(filter));
    }}><${Icon} name="search" size=${18} />
      <input type="search" placeholder=${t('filter_chats')} aria-label=${t('filter_chats')} value=${filter}
        dir="auto" autocomplete="off" onInput=${(event) => setFilter(event.target.value)} /></form>
    ${filter.trim() && html`<a class="row search-messages" href=${searchHref(filter.trim())}>
      <${Icon} name="search" size=${20} />
      <span dir="auto">${t('search_messages_for', { text: filter.trim() })}</span></a>`}
    ${shown.length ? html`<${VirtualList} items=${shown} rowHeight=${ROW} label=${t('chats')}
      current=${current} keyOf=${(conversation) => conversation.conversation_id}
      row=${(conversation) => html`<${Row} conversation=${conversation}
        is_open=${conversation.conversation_id === conversation_id} />`} />`
    : html`<${Nothing} is_filtered=${all.length > 0} />`}
  </section>`;
}

function newChat(event) {
  openMenu(event.currentTarget, [
    { label: t('find_person'), icon: 'user_plus', onSelect: () => go('#/people') },
    { label: t('new_group'), icon: 'people', onSelect: () => openDialog(NewGroupDialog) },
  ], t('new_chat'));
}

function filterList(list, filter) {
  const wanted = fold(filter.trim());
  if (!wanted) return list;
  // By what is at hand: titleOf() would ask for a thousand profiles.
  const namesOf = ({ peer, group }) => [group?.name, peer && findFriend(peer.user_id)?.remark, peer?.nickname,
    peer?.username];
  return list.filter((chat) => namesOf(chat).some((name) => fold(name ?? '').includes(wanted)));
}

// "Zoë" is found by "zoe".
function fold(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

function Nothing({ is_filtered }) {
  if (is_filtered) return html`<${Empty} icon="search" title=${t('no_chat_named_so')} />`;
  if (parley.state !== 'live') {
    const rows = Array.from({ length: SKELETONS }, (_, index) => html`<div class="skeleton" key=${index}>
      <span></span><span><i></i><i></i></span></div>`);
    return html`<div class="skeletons" aria-hidden="true">${rows}</div>`;
  }
  return html`<${Empty} icon="people" title=${t('no_chats')} text=${t('no_chats_text')}>
    <${Button} kind="primary" onClick=${() => go('#/people')}>${t('find_friend')}<//>
    <button type="button" class="link" onClick=${sayHello}>${t('ask_hubot')}</button>
  <//>`;
}

// Somebody who answers at once: the built-in bot.
async function sayHello() {
  try {
    const found = await parley.request('GET', '/api/users', { query: { query: 'hubot', limit: 1 } });
    if (found.users[0]) go(chatHref(parley.open({ user_id: found.users[0].user_id })));
  } catch (error) {
    toast(errorText(error), { kind: 'error' });
  }
}

function Row({ conversation, is_open }) {
  const { conversation_id, peer, last_message: last, pinned, muted } = conversation;
  const title = titleOf(conversation);
  const online = peer ? parley.presence(peer.user_id)?.online : false;
  const time = last?.timestamp ?? conversation.updated_at;
  useTopic(conversation_id);
  const press = useLongPress((place) => menu(place, conversation));
  const byClick = (event) => {
    event.preventDefault();
    menu({ x: event.clientX, y: event.clientY }, conversation);
  };
  return html`<div class="chat-row-frame" onContextMenu=${byClick} ...${press}>
    <a class="row chat-row" href=${chatHref(conversation_id)} aria-current=${is_open ? 'page' : undefined}>
      <${Avatar} id=${peer?.user_id ?? conversation_id} name=${title} size=${48} online=${online}
        src=${peer && parley.profile(peer.user_id)?.avatar} />
      <span class="chat-row-main">
        <span class="chat-row-line"><span class="chat-row-title" dir="auto">${title}</span>
          ${online && html`<span class="visually-hidden">, ${t('online')}</span>`}
          ${time > 0 && html`<time class="chat-row-time" datetime=${new Date(time).toISOString()}
            title=${full(time)}>${short(time)}</time>`}</span>
        <span class="chat-row-line"><${Preview} conversation=${conversation} is_open=${is_open} />
          ${muted && html`<${Mark} icon="bell_off" text=${t('muted')} />`}
          ${pinned && html`<${Mark} icon="pin" text=${t('pinned')} />`}
          <${Unread} conversation=${conversation} /></span>
      </span></a>
    <${IconButton} icon="dots" size=${20} label=${t('menu_of', { name: title })} aria-haspopup="menu"
      onClick=${(event) => menu(event.currentTarget, conversation)} />
  </div>`;
}

function Mark({ icon, text }) {
  return html`<span class="chat-row-mark"><${Icon} name=${icon} size=${16} />
    <span class="visually-hidden">${text}</span></span>`;
}

function Unread({ conversation }) {
  const { unread_count: count, mentioned, muted } = conversation;
  if (!count) return null;
  return html`${mentioned && html`<span class="badge" aria-hidden="true">@</span>
    <span class="visually-hidden">${t('mentions_you')}</span>`}
    <span class=${muted ? 'badge quiet' : 'badge'} aria-hidden="true">${count >= 999 ? '999+' : count}</span>
    <span class="visually-hidden">${t('unread', { count })}</span>`;
}

function Preview({ conversation, is_open }) {
  const { conversation_id, draft, group, last_message: last } = conversation;
  const typing = parley.typing(conversation_id);
  if (typing.length) {
    const text = group ? t('somebody_types', { name: nameOf(typing[0]) }) : t('types');
    return html`<span class="chat-row-preview typing" dir="auto">${text}</span>`;
  }
  if (draft && !is_open) {
    return html`<span class="chat-row-preview" dir="auto"><b class="draft">${t('draft')}</b> ${draft}</span>`;
  }
  if (!last) return html`<span class="chat-row-preview"></span>`;
  const is_told = last.msg_type === 3 || last.recalled_at; // a sentence that names who did it
  const author = last.from === parley.me.user_id ? t('you') : group && nameOf(last.from);
  return html`<span class="chat-row-preview" dir="auto">${!is_told && author && html`<b>${author}: </b>`}${
    summaryOf(last)}</span>`;
}

function menu(anchor, conversation) {
  const { conversation_id, pinned, muted, unread_count, last_seq } = conversation;
  const set = (change) => attempt(parley.setConversation(conversation_id, change));
  openMenu(anchor, [
    { label: t(pinned ? 'unpin' : 'pin'), icon: pinned ? 'pin_off' : 'pin',
      onSelect: () => set({ pinned: !pinned }) },
    { label: t(muted ? 'unmute' : 'mute'), icon: muted ? 'bell' : 'bell_off',
      onSelect: () => set({ muted: !muted }) },
    ...(unread_count ? [{ label: t('mark_read'), icon: 'mark_read',
      onSelect: () => parley.read(conversation_id, last_seq) }] : []),
    { label: t('hide'), icon: 'hide', onSelect: () => hide(conversation_id) },
  ], titleOf(conversation));
}

async function hide(conversation_id) {
  const is_done = await attempt(parley.hide(conversation_id));
  if (is_done && route().conversation_id === conversation_id) go('#/chats');
}

// True when it was done; else the person is told why not.
async function attempt(promise) {
  try {
    await promise;
    return true;
  } catch (error) {
    toast(errorText(error), { kind: 'error' });
    return false;
  }
}
