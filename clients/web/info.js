/** The right panel: with whom one talks here, and how this conversation is to behave. */
import { html } from '/vendor/preact.js';
import { Behaviour } from '/behaviour.js';
import { parley, titleOf, uiChanged, useTopic } from '/client.js';
import { GroupInfo } from '/members.js';
import { presenceText } from '/person.js';
import { ProfileDialog } from '/profile.js';
import { useRelations } from '/relations.js';
import { t } from '/texts.js';
import { Avatar, Button, IconButton, openDialog } from '/ui.js';
import { Icon } from '/icons.js';

/** The panel. @param {{conversation_id: string}} props */
export function InfoPanel({ conversation_id }) {
  useRelations();
  useTopic(conversation_id, 'list', 'people');
  const conversation = parley.conversations.get(conversation_id);
  const close = () => uiChanged((ui) => { ui.info = false; });
  return html`<div class="info">
    <header class="info-head"><h2>${t('info')}</h2>
      <${IconButton} icon="close" label=${t('info_close')} onClick=${close} /></header>
    <div class="info-body">
      ${!conversation && html`<p class="none">${t('info_nothing')}</p>`}
      ${conversation?.group && html`<${GroupInfo} conversation=${conversation} />`}
      ${conversation?.peer && html`<${PersonInfo} conversation=${conversation} />`}
    </div>
  </div>`;
}

function PersonInfo({ conversation }) {
  const { user_id } = conversation.peer;
  const profile = parley.profile(user_id);
  const name = titleOf(conversation);
  return html`<div class="info-card">
      <${Avatar} id=${user_id} name=${name} src=${profile?.avatar} size=${80} />
      <h3 dir="auto">${name}</h3>
      ${profile && html`<p class="profile-under"><bdi>@${profile.username}</bdi></p>`}
      <p class="profile-under">${presenceText(parley.presence(user_id))}</p>
      ${profile?.bio && html`<p class="info-bio" dir="auto">${profile.bio}</p>`}
      <${Button} onClick=${() => openDialog(ProfileDialog, { user_id })}>
        <${Icon} name="user" size=${18} />${t('profile')}<//>
    </div>
    <${Behaviour} conversation=${conversation} />`;
}
