/** Making a group, and the people whom one may take into it. */
import { html, useState } from '/vendor/preact.js';
import { ActionError, useAction } from '/action.js';
import { parley } from '/client.js';
import { More, Rest, usePages } from '/pages.js';
import { calledOf, friends, useRelations } from '/relations.js';
import { chatHref, go } from '/router.js';
import { errorText, t } from '/texts.js';
import { Avatar, Button, Dialog, Field, closeOverlays, toast } from '/ui.js';

const SHOWN = 50; // friends on the page at a time

/** The dialog for a new group. @param {{close: () => void}} props */
export function NewGroupDialog({ close }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [chosen, setChosen] = useState(new Set());
  const { busy, error, run } = useAction();
  const create = (event) => {
    event.preventDefault();
    run(async () => {
      const about = description.trim();
      const group = await parley.request('POST', '/api/groups', {
        body: { name: name.trim(), member_ids: [...chosen], ...(about && { description: about }) } });
      closeOverlays();
      go(chatHref(parley.open({ group_id: group.group_id })));
      toast(t('group_made', { name: group.name }));
    });
  };
  const named = error && ['name', 'description'].includes(error.field);
  const fault = (field) => (error?.field === field ? errorText(error) : undefined);
  const actions = html`<${Button} onClick=${() => close()}>${t('cancel')}<//>
    <${Button} kind="primary" type="submit" form="new-group" busy=${busy} disabled=${!name.trim()}>
      ${t('group_create')}<//>`;
  return html`<${Dialog} title=${t('new_group')} close=${close} actions=${actions}>
    <form class="form" id="new-group" onSubmit=${create}>
      <${Field} label=${t('group_name')} name="name" maxlength="64" required autofocus autocomplete="off"
        value=${name} error=${fault('name')} onInput=${(event) => setName(event.target.value)} />
      <${Field} label=${t('group_description')} name="description" maxlength="500" autocomplete="off"
        value=${description} error=${fault('description')}
        onInput=${(event) => setDescription(event.target.value)} />
      <${ChooseFriends} chosen=${chosen} onChange=${setChosen} />
      ${!named && html`<${ActionError} error=${error} />`}
    </form>
  <//>`;
}

/** Friends with a box before each, and a field that narrows them down. */
function ChooseFriends({ chosen, onChange }) {
  useRelations();
  usePages(friends);
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState(SHOWN);
  const wanted = filter.trim().toLocaleLowerCase();
  const rows = friends.items.filter((friend) => [friend.remark, friend.nickname, friend.username]
    .some((name) => name?.toLocaleLowerCase().includes(wanted)));
  const toggle = (user_id) => {
    const next = new Set(chosen);
    if (!next.delete(user_id)) next.add(user_id);
    onChange(next);
  };
  return html`<fieldset class="choose">
    <legend>${t('group_members_choose', { count: chosen.size })}</legend>
    ${friends.total === 0 && html`<p class="none">${t('group_no_friends')}</p>`}
    ${friends.total > 8 && html`<input class="search-field" type="search" dir="auto" value=${filter}
      aria-label=${t('filter')} placeholder=${t('filter')}
      onInput=${(event) => setFilter(event.target.value)} />`}
    <ul class="rows choose-rows">${rows.slice(0, shown).map((friend) => html`<li key=${friend.user_id}>
      <label class="choose-row"><input type="checkbox" checked=${chosen.has(friend.user_id)}
          onChange=${() => toggle(friend.user_id)} />
        <${Avatar} id=${friend.user_id} name=${calledOf(friend)} src=${friend.avatar} size=${32} />
        <bdi>${calledOf(friend)}</bdi></label></li>`)}
      <li>${shown < rows.length
    ? html`<${Rest} onSight=${() => setShown(shown + SHOWN)} count=${shown} />`
    : html`<${More} pages=${friends} />`}</li></ul>
  </fieldset>`;
}
