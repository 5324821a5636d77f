/** Joining a group: by the link that a member gave, or by its id. */
import { html, useState } from '/vendor/preact.js';
import { ActionError, useAction } from '/action.js';
import { parley } from '/client.js';
import { chatHref, go } from '/router.js';
import { t } from '/texts.js';
import { Button, Dialog, Field, closeOverlays, toast } from '/ui.js';

/** The link that leads others into a group. @param {string} group_id */
export function joinLink(group_id) {
  return `${location.origin}/#/join/${encodeURIComponent(group_id)}`;
}

/** The group that a link or an id means; '' for what is neither. @param {string} text */
function groupIdOf(text) {
  return /(?:^|#\/join\/)(group_[A-Za-z0-9_-]+)\/?$/.exec(text.trim())?.[1] ?? '';
}

/** The dialog. @param {{group_id?: string, close: () => void}} props group_id: of a link that was followed */
export function JoinDialog({ group_id, close }) {
  const [text, setText] = useState(group_id ?? '');
  const { busy, error, run } = useAction();
  const id = groupIdOf(text);
  const join = (event) => {
    event.preventDefault();
    run(async () => {
      const group = await parley.request('POST', `/api/groups/${encodeURIComponent(id)}/join`);
      closeOverlays();
      go(chatHref(parley.open({ group_id: id })));
      toast(t('group_joined', { name: group.name }));
    });
  };
  const actions = html`<${Button} onClick=${() => close()}>${t('cancel')}<//>
    <${Button} kind="primary" type="submit" form="join" autofocus=${Boolean(group_id)} busy=${busy}
      disabled=${!id}>${t('group_join_do')}<//>`;
  return html`<${Dialog} title=${t('group_join')} close=${close} actions=${actions}>
    <form class="form" id="join" onSubmit=${join}>
      <p>${group_id ? t('group_join_asked') : t('group_join_text')}</p>
      <${Field} label=${t('group_link')} name="group-link" value=${text} autocomplete="off" maxlength="300"
        autofocus=${!group_id} error=${text.trim() && !id ? t('group_link_wrong') : undefined}
        onInput=${(event) => setText(event.target.value)} />
      <${ActionError} error=${error} />
    </form>
  <//>`;
}
