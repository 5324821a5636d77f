/**
 * The head of a chat: who it is, whether they are here or typing, and the buttons for what lies beside it.
 */
import { html } from '/vendor/preact.js';
import { nameOf, parley, titleOf, ui, uiChanged, useTopic } from '/client.js';
import { t } from '/texts.js';
import { ago } from '/times.js';
import { Avatar, IconButton, openDialog } from '/ui.js';
import { Icon } from '/icons.js';
import { ProfileDialog } from '/profile.js';
import { listNames } from '/summary.js';

const MAX_TYPING = 2; // names; of more only the number is said

function typingText(conversation, user_ids) {
  if (conversation.type !== 'group') return t('chat_typing');
  if (user_ids.length > MAX_TYPING) return t('chat_typing_many', { count: user_ids.length });
  const names = listNames(user_ids.map(nameOf));
  return t(user_ids.length === 1 ? 'chat_typing_one' : 'chat_typing_some', { names });
}

function presenceLine(user_id) {
  const presence = parley.presence(user_id);
  if (presence?.online) return t('chat_online');
  return presence?.last_seen ? t('chat_last_seen', { ago: ago(presence.last_seen) }) : '';
}

function subtitle(conversation, group) {
  const typing = parley.typing(conversation.conversation_id);
  if (typing.length) return html`<span class="typing">${typingText(conversation, typing)}</span>`;
  if (conversation.type !== 'group') return presenceLine(conversation.peer.user_id);
  return group ? t('chat_member_count', { count: group.member_count }) : '';
}

/**
 * @param {{conversation: object, group?: object, isFinding: boolean, onFind: () => void}} props
 *   group: of a group, when it is known; isFinding: the search bar is open
 */
export function ChatHeader({ conversation, group, isFinding, onFind }) {
  useTopic(conversation.conversation_id, 'people', 'list', 'ui');
  const title = titleOf(conversation);
  const peer = conversation.peer;
  const avatar = peer ? parley.profile(peer.user_id)?.avatar : group?.avatar;
  const toggleInfo = () => uiChanged((state) => { state.info = !state.info; });
  const open = peer ? () => openDialog(ProfileDialog, { user_id: peer.user_id }) : toggleInfo;
  return html`<header class="chat-header">
    <a class="icon-button only-phone" href="#/chats" aria-label=${t('chat_back_to_chats')}>
      <${Icon} name="back" /></a>
    <button type="button" class="chat-who" onClick=${open} aria-label=${t('chat_about', { name: title })}>
      <${Avatar} id=${conversation.peer?.user_id ?? conversation.conversation_id} name=${title} src=${avatar}
        size=${40}
        online=${peer && parley.presence(peer.user_id)?.online} /></button>
    <div class="chat-title"><h1 dir="auto">${title}</h1>
      <p class="chat-sub" aria-live="off">${subtitle(conversation, group)}</p></div>
    <${IconButton} icon="search" label=${t('msg_find_in_chat')} pressed=${isFinding} onClick=${onFind} />
    <${IconButton} icon="info" label=${t('chat_info')} pressed=${ui.info} onClick=${toggleInfo} />
  </header>`;
}
