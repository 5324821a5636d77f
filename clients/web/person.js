/** A person in a list: picture, name, and how one stands to him. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { ProfileDialog } from '/profile.js';
import { calledOf, findFriend, findIncoming, findOutgoing, isBlocked } from '/relations.js';
import { chatHref, go } from '/router.js';
import { t } from '/texts.js';
import { ago } from '/times.js';
import { Avatar, IconButton, openDialog } from '/ui.js';

const PAUSE = 250; // ms without a key before a search is sent

/** Open the conversation with a person. @param {string} user_id */
export function talkTo(user_id) {
  go(chatHref(parley.open({ user_id })));
}

/**
 * Whether somebody is here, in words; '' when that is not known.
 * @param {{online: boolean, last_seen?: number|null}} [presence]
 */
export function presenceText(presence) {
  if (presence?.online) return t('online');
  return presence?.last_seen ? t('last_seen_ago', { ago: ago(presence.last_seen) }) : '';
}

// Friend, asked, asks, blocked; '' for a stranger.
function relationText(user_id) {
  if (isBlocked(user_id)) return t('is_blocked');
  if (findFriend(user_id)) return t('is_friend');
  if (findIncoming(user_id)) return t('asks_you');
  return findOutgoing(user_id) ? t('you_asked') : '';
}

/**
 * A row: opens the profile; the button at its end opens the conversation.
 * @param {{person: {user_id: string, username: string, nickname: string, avatar?: string|null, bot?: boolean,
 *   online?: boolean}, under?: string, withRelation?: boolean, tag?: string, children?: any}} props
 *   under: the second line instead of presence; tag: a word behind the name; children: instead of the button
 */
export function PersonRow({ person, under, withRelation, tag, children }) {
  const { user_id, username, bot } = person;
  const own = user_id === parley.me?.user_id;
  const presence = parley.presence(user_id) ?? person;
  const profile = person.avatar === undefined ? parley.profile(user_id) : person;
  const tags = [bot && t('bot'), own && t('you'), tag, withRelation && relationText(user_id)].filter(Boolean);
  const line = under ?? ((!withRelation && presenceText(presence)) || `@${username}`);
  return html`<div class="person">
    <button type="button" class="person-main" onClick=${() => openDialog(ProfileDialog, { user_id })}>
      <${Avatar} id=${user_id} name=${calledOf(person)} src=${profile?.avatar} online=${presence.online} />
      <span class="person-texts">
        <span class="person-name"><bdi>${calledOf(person)}</bdi>
          ${tags.map((text) => html`<span class="tag" key=${text}>${text}</span>`)}</span>
        <span class="person-under" dir="auto">${line}</span>
      </span>
    </button>
    ${children ?? (!own && html`<${IconButton} icon="chats" onClick=${() => talkTo(user_id)}
      label=${t('message_to', { name: calledOf(person) })} />`)}
  </div>`;
}

/** The value as it was when it had not changed for a moment: what one types is asked for once. */
export function useSettled(value) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
