/** Send a message on: to conversations, and to friends whom one has not written to yet. */
import { html, useState } from '/vendor/preact.js';
import { parley, titleOf, useTopic } from '/client.js';
import { errorText, t } from '/texts.js';
import { Avatar, Button, Dialog, toast } from '/ui.js';
import { calledOf, friends, useRelations } from '/relations.js';
import { summaryOf } from '/summary.js';

const MAX_SHOWN = 100; // rows: who has more conversations filters them
const MAX_CHOSEN = 20; // at once; the server's pace allows more

function targets() {
  const found = parley.list().map((conversation) => {
    const { conversation_id: id, peer } = conversation;
    const avatar = peer && parley.profile(peer.user_id)?.avatar;
    return { id, name: titleOf(conversation), address: id, avatar, user_id: peer?.user_id };
  });
  const known = new Set(found.map((target) => target.user_id));
  const others = friends.items.filter((friend) => !known.has(friend.user_id));
  return [...found, ...others.map((friend) => ({
    id: friend.user_id, name: calledOf(friend), address: { user_id: friend.user_id }, avatar: friend.avatar,
  }))];
}

/** @param {{message: object, close: (value?: any) => void}} props */
export function ForwardDialog({ message, close }) {
  useTopic('list', 'people');
  useRelations();
  const [filter, setFilter] = useState('');
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const [isBusy, setBusy] = useState(false);
  const all = targets();
  const wanted = filter.trim().toLocaleLowerCase();
  const shown = all.filter((target) => target.name.toLocaleLowerCase().includes(wanted)).slice(0, MAX_SHOWN);
  const toggle = (id) => setChosen((old) => (
    old.includes(id) ? old.filter((other) => other !== id) : [...old, id]));
  const send = async () => {
    setBusy(true);
    const left = await sendTo(message, all.filter((target) => chosen.includes(target.id)));
    setBusy(false);
    if (left.length) setChosen(left);
    else close(true);
  };
  return html`<${Dialog} title=${t('msg_forward')} close=${close} actions=${html`
    <${Button} onClick=${() => close()}>${t('cancel')}<//>
    <${Button} kind="primary" busy=${isBusy} disabled=${!chosen.length || chosen.length > MAX_CHOSEN}
      onClick=${send}>
      ${chosen.length ? t('msg_forward_to', { count: chosen.length }) : t('msg_forward')}<//>`}>
    <p class="forward-what" dir="auto">${summaryOf(message)}</p>
    <input type="search" class="forward-filter" autofocus aria-label=${t('msg_forward_filter')}
      placeholder=${t('msg_forward_filter')}
      value=${filter} onInput=${(event) => setFilter(event.target.value)} />
    <ul class="forward-list" aria-label=${t('msg_forward_targets')}>
      ${shown.map((target) => html`<li key=${target.id}>
      <label class="row"><input type="checkbox" checked=${chosen.includes(target.id)}
        onChange=${() => toggle(target.id)} />
        <${Avatar} id=${target.id} name=${target.name} src=${target.avatar} size=${36} />
        <bdi>${target.name}</bdi></label></li>`)}</ul>
    ${!shown.length && html`<p class="hint">${t('msg_forward_nobody')}</p>`}
  <//>`;
}

// One after the other; what was refused stays chosen.
async function sendTo(message, chosen) {
  const left = [];
  for (const target of chosen) {
    try {
      await parley.forward(message, target.address);
    } catch (error) {
      left.push(target.id);
      toast(`${target.name}: ${errorText(error)}`, { kind: 'error' });
    }
  }
  if (left.length < chosen.length) toast(t('msg_forwarded', { count: chosen.length - left.length }));
  return left;
}
