/** What can be done to an account, as a table: the right that it needs, when it is offered, what it asks for. */
import { html, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { t } from '/texts.js';
import { Field, IconButton, openDialog, toast } from '/ui.js';
import { ActDialog, nameOf } from '/admin/act.js';
import { PeriodField, untilOf } from '/admin/period.js';

const ROLES = ['user', 'moderator', 'admin'];
const PASSWORD_BYTES = 12;

/**
 * @typedef {object} UserAction
 * @property {string} name its texts are do_<name>, do_<name>_text and done_<name>
 * @property {string} right
 * @property {(user: object) => boolean} when it makes sense
 * @property {Function} [Fields] what it asks for besides the reason
 * @property {(user: object, values: Record<string, string>) => Promise<any>} [run] another way than a POST
 */

/** @type {UserAction[]} */
const ACTIONS = [
  { name: 'ban', right: 'users.ban', when: (user) => !user.banned, Fields: BanFields, danger: true },
  { name: 'unban', right: 'users.ban', when: (user) => user.banned },
  { name: 'mute', right: 'users.mute', when: (user) => !user.muted_until, Fields: MuteFields, danger: true },
  { name: 'unmute', right: 'users.mute', when: (user) => Boolean(user.muted_until) },
  { name: 'logout', right: 'users.logout', when: () => true, to_oneself: true },
  { name: 'password', right: 'users.password', when: (user) => !user.bot, Fields: PasswordFields },
  { name: 'role', right: 'users.role', when: (user) => !user.bot, Fields: RoleFields, run: setRole },
  { name: 'export', right: 'users.export', when: () => true, to_oneself: true, run: saveExport },
  { name: 'delete', right: 'users.delete', when: () => true, Fields: NameAgain, danger: true },
];

/**
 * What the person who looks may do to that account. The server judges it again.
 * @param {object} user admin.user
 * @param {Set<string>} rights
 * @returns {UserAction[]}
 */
export function actionsFor(user, rights) {
  const is_oneself = user.user_id === parley.me.user_id;
  const is_below = rights.has('users.role') || user.role === 'user';
  if (user.deleted_at) return [];
  return ACTIONS.filter((action) => rights.has(action.right) && action.when(user)
    && (is_oneself ? action.to_oneself : is_below));
}

/**
 * Ask for the reason and all else, and do it.
 * @param {UserAction} action
 * @param {object} user
 * @returns {Promise<boolean>} was it done?
 */
export async function act(action, user) {
  const done = await openDialog(UserAct, { action, user });
  if (done) toast(t(`console_done_${action.name}`, { name: nameOf(user) }));
  return Boolean(done);
}

function UserAct({ action, user, close }) {
  const [ready, setReady] = useState(action.name !== 'delete');
  const run = (values) => (action.run ?? post)(user, values, action);
  const { Fields } = action;
  const label = t(`console_do_${action.name}`);
  return html`<${ActDialog} title=${label} label=${label} danger=${action.danger}
    text=${t(`console_do_${action.name}_text`, { name: nameOf(user) })} is_ready=${ready} run=${run} close=${close}>
    ${Fields && html`<${Fields} user=${user} setReady=${setReady} />`}<//>`;
}

function post(user, values, action) {
  const { period, date, name_again, ...body } = values;
  if (period) body.until = untilOf(period, date);
  return parley.request('POST', `/v1/admin/users/${user.user_id}/${action.name}`, { body });
}

function setRole(user, { role, reason }) {
  return parley.request('PUT', `/v1/admin/users/${user.user_id}/role`, { body: { role, reason } });
}

// An archive, and no envelope: what request() cannot read. It has just seen to a good cookie, though.
async function saveExport(user, { reason }) {
  await parley.request('GET', `/v1/admin/users/${user.user_id}`);
  const response = await fetch(`/v1/admin/users/${user.user_id}/export`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ reason }) });
  if (!response.ok) throw await response.json();
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: `${user.username}.zip` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000); // the browser has taken it by then
}

function BanFields() {
  return html`<${PeriodField} forever=${true} />`;
}

function MuteFields() {
  return html`<${PeriodField} />`;
}

function PasswordFields() {
  const [password, setPassword] = useState(makePassword);
  return html`<${Field} label=${t('console_new_password')} name="new_password" value=${password} required minlength="8"
    maxlength="128" autocomplete="off" spellcheck=${false} hint=${t('console_new_password_hint')}
    onInput=${(event) => setPassword(event.target.value)}>
    <${IconButton} icon="retry" label=${t('console_another_password')} onClick=${() => setPassword(makePassword())} />
    <${IconButton} icon="copy" label=${t('console_copy')} onClick=${() => copyText(password)} /><//>`;
}

/** Take a text into the clipboard, and say so. @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('console_copied'));
  } catch {
    toast(t('console_not_copied'), { kind: 'error' });
  }
}

function makePassword() {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_');
}

function RoleFields({ user }) {
  return html`<fieldset class="choice"><legend>${t('console_role')}</legend>
    ${ROLES.map((role) => html`<label key=${role}><input type="radio" name="role" value=${role} required
      defaultChecked=${role === user.role} /> <span>${t(`console_role_${role}`)}</span></label>`)}</fieldset>`;
}

// What cannot be undone asks for more than a click.
function NameAgain({ user, setReady }) {
  return html`<${Field} label=${t('console_name_again', { username: user.username })} name="name_again" required
    autocomplete="off" autocapitalize="none" spellcheck=${false}
    onInput=${(event) => setReady(event.target.value === user.username)} />`;
}
