/** The settings' tab with one's own profile: names, picture, and what others may know. */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { ActionError, useAction } from '/action.js';
import { parley } from '/client.js';
import { CropDialog } from '/crop.js';
import { errorText, t } from '/texts.js';
import { Avatar, Button, Field, Spinner, openDialog, toast } from '/ui.js';

const TEXTS = ['nickname', 'bio', 'gender', 'birthday', 'region', 'email'];
const GENDERS = ['', 'male', 'female', 'other'];

/** @typedef {Record<string, string>} Form what stands in the fields; '' for what is not said */

/** @returns {Form} */
function formOf(own) {
  return Object.fromEntries(TEXTS.map((name) => [name, own[name] ?? '']));
}

/** The tab. */
export function ProfileSettings() {
  const [own, setOwn] = useState(null);
  const { error, run } = useAction();
  const load = () => run(async () => setOwn(await parley.request('GET', '/api/users/me')));
  useEffect(() => { load(); }, []);
  if (!own) {
    return html`<${ActionError} error=${error} />${error
      ? html`<${Button} onClick=${load}>${t('try_again')}<//>` : html`<${Spinner} label=${t('loading')} />`}`;
  }
  return html`<${OwnAvatar} own=${own} onChange=${setOwn} /><${OwnFields} own=${own} onChange=${setOwn} />`;
}

const change = (body) => parley.request('PATCH', '/api/users/me', { body });

function OwnAvatar({ own, onChange }) {
  const input = useRef(null);
  const { busy, error, run } = useAction();
  const set = (avatar, said) => run(async () => onChange(await change({ avatar })), said);
  const choose = (event) => {
    const [file] = event.target.files;
    event.target.value = ''; // the same file again is a choice, too
    if (file) openDialog(CropDialog, { file, onDone: upload });
  };
  const upload = (blob) => run(async () => {
    const { url } = await parley.upload(blob, { file_name: 'avatar.jpg' });
    onChange(await change({ avatar: url }));
  }, t('avatar_changed'));
  return html`<div class="own-avatar">
    <${Avatar} id=${own.user_id} name=${own.nickname} src=${own.avatar} size=${96} />
    <div class="own-avatar-actions">
      <input ref=${input} type="file" accept="image/*" class="visually-hidden" tabindex="-1"
        aria-label=${t('avatar')} onChange=${choose} />
      <${Button} busy=${busy} onClick=${() => input.current.click()}>${t('avatar_choose')}<//>
      ${own.avatar && html`<${Button} disabled=${busy} onClick=${() => set('', t('avatar_removed'))}>
        ${t('avatar_remove')}<//>`}
      <${ActionError} error=${error} />
    </div>
  </div>`;
}

function OwnFields({ own, onChange }) {
  const [form, setForm] = useState(() => formOf(own));
  const { busy, error, run } = useAction();
  const before = formOf(own);
  const changed = TEXTS.filter((name) => form[name].trim() !== before[name]);
  const put = (event) => setForm((old) => ({ ...old, [event.target.name]: event.target.value }));
  const fault = (name) => (error?.field === name ? errorText(error) : undefined);
  const save = (event) => {
    event.preventDefault();
    run(async () => {
      const fresh = await change(Object.fromEntries(changed.map((name) => [name, form[name].trim()])));
      onChange(fresh);
      setForm(formOf(fresh));
      toast(t('profile_saved'));
    });
  };
  const field = (name, rest) => html`<${Field} label=${t(name)} name=${name} value=${form[name]}
    error=${fault(name)} onInput=${put} ...${rest} />`;
  return html`<form class="form" onSubmit=${save}>
    <p class="hint">${t('username_is')} <bdi><b>@${own.username}</b></bdi></p>
    ${field('nickname', { maxlength: 64, required: true, autocomplete: 'nickname' })}
    <div class="field"><label for="field-bio">${t('bio')}</label>
      <textarea id="field-bio" name="bio" rows="3" maxlength="500" dir="auto" value=${form.bio}
        onInput=${put} />
      <${ActionError} error=${error} field="bio" /></div>
    <div class="field"><label for="field-gender">${t('gender')}</label>
      <select id="field-gender" name="gender" value=${form.gender} onChange=${put}>
        ${GENDERS.map((gender) => html`<option key=${gender} value=${gender}>
          ${t(`gender_${gender || 'unsaid'}`)}</option>`)}
      </select></div>
    ${field('birthday', { type: 'date', autocomplete: 'bday' })}
    ${field('region', { maxlength: 100 })}
    ${field('email', { type: 'email', maxlength: 254, autocomplete: 'email', hint: t('email_hint') })}
    ${error && !TEXTS.includes(error.field) && html`<${ActionError} error=${error} />`}
    <div class="form-end"><${Button} type="submit" kind="primary" busy=${busy}
      disabled=${!changed.length}>${t('save')}<//></div>
  </form>`;
}
