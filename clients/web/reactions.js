/** The emojis at a message: who put them there, and a click adds or takes one's own. */
import { html } from '/vendor/preact.js';
import { nameOf, parley } from '/client.js';
import { t } from '/texts.js';
import { act, chooseReaction } from '/message_menu.js';
import { Icon } from '/icons.js';
import { listNames } from '/summary.js';

const MAX_NAMES = 20; // of a tooltip

function namesOf({ user_ids, count }) {
  const called = (id) => (id === parley.me?.user_id ? t('system_you') : nameOf(id));
  const names = user_ids.slice(0, MAX_NAMES).map(called);
  const rest = count - names.length;
  return rest > 0 ? t('msg_people_and_more', { names: names.join(', '), count: rest }) : listNames(names);
}

/** @param {{message: object, tab: number}} props tab: the tabindex of its buttons */
export function Reactions({ message, tab }) {
  const me = parley.me?.user_id;
  return html`<div class="reactions" role="group" aria-label=${t('msg_reactions')}>
    ${message.reactions.map((reaction) => {
    const isOwn = reaction.user_ids.includes(me);
    const names = namesOf(reaction);
    const { emoji, count } = reaction;
    return html`<button type="button" class="reaction" key=${emoji} aria-pressed=${isOwn ? 'true' : 'false'}
      tabindex=${tab} aria-label=${t('msg_reaction_by', { emoji, count, names })} title=${names}
      onClick=${() => act(isOwn ? parley.unreact(message, emoji) : parley.react(message, emoji))}>
      <span aria-hidden="true">${emoji}</span><span aria-hidden="true">${count}</span></button>`;
  })}
    <button type="button" class="reaction add" aria-label=${t('msg_react')} title=${t('msg_react')}
      tabindex=${tab}
      onClick=${(event) => chooseReaction(message, event.currentTarget)}>
      <${Icon} name="smile" size=${16} /></button>
  </div>`;
}
