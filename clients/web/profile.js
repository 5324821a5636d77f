/** Anybody's profile, in a dialog: who he is, and what one can do about him. */
import { html, useState } from '/vendor/preact.js';
import { ActionError, isSure, useAction, useLoaded } from '/action.js';
import { parley, useTopic } from '/client.js';
import { presenceText, talkTo } from '/person.js';
import { accept, ask, block, calledOf, findFriend, findIncoming, findOutgoing, isBlocked, reject, setRemark,
  takeBack, unblock, unfriend, useRelations } from '/relations.js';
import { go } from '/router.js';
import { locale, t } from '/texts.js';
import { Avatar, Button, Dialog, Field, Spinner, closeOverlays, toast } from '/ui.js';
import { Icon } from '/icons.js';

/** The profile as the server has it now; until it is here, what is known already. */
function useProfile(user_id) {
  useTopic('people');
  const { data, error } = useLoaded(
    () => parley.request('GET', `/api/users/${encodeURIComponent(user_id)}`), [user_id]);
  return { profile: data ?? parley.profile(user_id), error };
}

/** A birthday such as 1990-12-31, as one writes it here. */
function dayText(birthday) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(birthday));
}

/** The dialog. @param {{user_id: string, close: () => void}} props */
export function ProfileDialog({ user_id, close }) {
  useRelations();
  const { profile, error } = useProfile(user_id);
  return html`<${Dialog} title=${t('profile')} close=${close}>
    ${profile ? html`<${Profile} profile=${profile} />`
    : html`<${ActionError} error=${error} />${!error && html`<${Spinner} label=${t('loading')} />`}`}
  <//>`;
}

function Profile({ profile }) {
  const { user_id } = profile;
  const name = calledOf(profile);
  const presence = presenceText(parley.presence(user_id) ?? findFriend(user_id));
  return html`<div class="profile">
    <${Avatar} id=${user_id} name=${name} src=${profile.avatar} size=${96} />
    <h3 class="profile-name" dir="auto">${name}</h3>
    <p class="profile-under">${profile.deleted ? t('user_deleted') : html`<bdi>@${profile.username}</bdi>`}
      ${profile.bot && html` <span class="tag">${t('bot')}</span>`}
      ${isBlocked(user_id) && html` <span class="tag">${t('is_blocked')}</span>`}</p>
    ${presence && html`<p class="profile-under">${presence}</p>`}
    <${Facts} profile=${profile} name=${name} />
    ${!profile.deleted && html`<${Deeds} profile=${profile} name=${name} />`}
  </div>`;
}

function Facts({ profile, name }) {
  const facts = [
    ['nickname', name !== profile.nickname && profile.nickname],
    ['bio', profile.bio],
    ['gender', profile.gender && t(`gender_${profile.gender}`)],
    ['birthday', profile.birthday && dayText(profile.birthday)],
    ['region', profile.region],
  ].filter(([, value]) => value);
  if (!facts.length) return null;
  return html`<dl class="facts">${facts.map(([key, value]) => html`<div key=${key}>
    <dt>${t(key)}</dt><dd dir="auto">${value}</dd></div>`)}</dl>`;
}

function Deeds({ profile, name }) {
  const { user_id } = profile;
  if (user_id === parley.me?.user_id) {
    return html`<div class="deeds"><${Button} kind="primary" onClick=${() => {
      closeOverlays();
      go('#/settings/profile');
    }}><${Icon} name="edit" size=${18} />${t('profile_edit')}<//></div>`;
  }
  const talk = () => {
    closeOverlays();
    talkTo(user_id);
  };
  return html`
    <div class="deeds"><${Button} kind="primary" onClick=${talk}>
      <${Icon} name="chats" size=${18} />${t('message')}<//></div>
    <${Friendship} profile=${profile} name=${name} />
    <${Ends} user_id=${user_id} name=${name} />`;
}

function Friendship({ profile, name }) {
  const { user_id } = profile;
  const friend = findFriend(user_id);
  const incoming = findIncoming(user_id);
  const outgoing = findOutgoing(user_id);
  if (friend) return html`<${Friend} friend=${friend} />`;
  if (incoming) return html`<${Answer} request=${incoming} name=${name} />`;
  if (outgoing) return html`<${Waiting} request=${outgoing} />`;
  return html`<${Ask} user_id=${user_id} name=${name} />`;
}

function Friend({ friend }) {
  const { user_id } = friend;
  const [remark, setText] = useState(friend.remark ?? '');
  const naming = useAction();
  const save = (event) => {
    event.preventDefault();
    naming.run(() => setRemark(user_id, remark.trim()), t('remark_saved'));
  };
  return html`<form class="deed" onSubmit=${save}>
      <${Field} label=${t('remark')} name="remark" maxlength="64" value=${remark} hint=${t('remark_hint')}
        onInput=${(event) => setText(event.target.value)}>
        <${Button} type="submit" busy=${naming.busy} disabled=${remark.trim() === (friend.remark ?? '')}>
          ${t('save')}<//>
      <//>
      <${ActionError} error=${naming.error} />
    </form>`;
}

function Answer({ request, name }) {
  const { busy, error, run } = useAction();
  return html`<div class="deed">
    <p>${t('asks_you')}${request.greeting && html`: <q dir="auto">${request.greeting}</q>`}</p>
    <div class="request-actions">
      <${Button} kind="primary" disabled=${busy}
        onClick=${() => run(() => accept(request), t('now_friends', { name }))}>${t('accept')}<//>
      <${Button} disabled=${busy} onClick=${() => run(() => reject(request), t('request_rejected'))}>
        ${t('reject')}<//>
    </div>
    <${ActionError} error=${error} />
  </div>`;
}

function Waiting({ request }) {
  const { busy, error, run } = useAction();
  return html`<div class="deed">
    <p class="hint">${t('request_sent')}</p>
    <${Button} busy=${busy} onClick=${() => run(() => takeBack(request), t('request_taken_back'))}>
      ${t('take_back')}<//>
    <${ActionError} error=${error} />
  </div>`;
}

function Ask({ user_id, name }) {
  const [greeting, setGreeting] = useState('');
  const { busy, error, run } = useAction();
  const send = (event) => {
    event.preventDefault();
    run(async () => {
      const { status } = await ask(user_id, greeting.trim());
      toast(status === 'accepted' ? t('now_friends', { name }) : t('request_sent'));
    });
  };
  return html`<form class="deed" onSubmit=${send}>
    <${Field} label=${t('greeting')} name="greeting" maxlength="200" value=${greeting}
      onInput=${(event) => setGreeting(event.target.value)}>
      <${Button} type="submit" busy=${busy}><${Icon} name="user_plus" size=${18} />${t('friend_add')}<//>
    <//>
    <${ActionError} error=${error} />
  </form>`;
}

/** What ends things: the friendship, or hearing of each other. */
function Ends({ user_id, name }) {
  const { busy, error, run } = useAction();
  const end = async () => {
    if (await isSure('unfriend', { name })) run(() => unfriend(user_id), t('unfriended', { name }));
  };
  const silence = async () => {
    if (await isSure('block', { name })) run(() => block(user_id), t('blocked', { name }));
  };
  const hearAgain = () => run(() => unblock(user_id), t('unblocked', { name }));
  return html`<div class="deed"><div class="request-actions">
      ${findFriend(user_id) && html`<${Button} busy=${busy} onClick=${end}>${t('unfriend')}<//>`}
      ${isBlocked(user_id)
    ? html`<${Button} busy=${busy} onClick=${hearAgain}>${t('unblock')}<//>`
    : html`<${Button} kind="danger" busy=${busy} onClick=${silence}>${t('block')}<//>`}
    </div><${ActionError} error=${error} /></div>`;
}
