/** The settings' tab about the account: the way out, password, other ways in, a copy of all, and the end of it. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { ActionError, isSure, useAction } from '/action.js';
import { parley } from '/client.js';
import { logOut } from '/sessions.js';
import { errorText, t } from '/texts.js';
import { full } from '/times.js';
import { Button, Dialog, Field, Spinner, openDialog, toast } from '/ui.js';
import { Icon } from '/icons.js';

const EXPORT = '/api/account/export';
const TAB = '/#/settings/account'; // where the browser comes back to from a provider

/** The tab. */
export function AccountSettings() {
  return html`<${LogOut} /><${Password} /><${Identities} /><${Export} /><${Delete} />`;
}

function Section({ title, children }) {
  return html`<section class="account-section" aria-label=${title}><h3>${title}</h3>${children}</section>`;
}

function LogOut() {
  const { busy, error, run } = useAction();
  return html`<section class="account-section"><${Button} busy=${busy} onClick=${() => run(logOut)}>
    <${Icon} name="logout" size=${18} />${t('log_out')}<//><${ActionError} error=${error} /></section>`;
}

function Password() {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const { busy, error, run } = useAction();
  const isOldWrong = error && (error.code === 40103 || error.field === 'old_password');
  const save = (event) => {
    event.preventDefault();
    run(async () => {
      const body = { new_password: fresh, ...(old && { old_password: old }) };
      await parley.request('POST', '/api/password', { body });
      setOld('');
      setFresh('');
    }, t('password_changed'));
  };
  return html`<${Section} title=${t('password_change')}><form class="form" onSubmit=${save}>
    <input type="text" autocomplete="username" value=${parley.me?.username} readonly hidden />
    <${Field} label=${t('password_old')} name="old_password" type="password" autocomplete="current-password"
      maxlength="128" hint=${t('password_old_hint')} value=${old}
      error=${isOldWrong ? errorText(error) : undefined}
      onInput=${(event) => setOld(event.target.value)} />
    <${Field} label=${t('password_new')} name="new_password" type="password" autocomplete="new-password"
      minlength="8" maxlength="128" required hint=${t('password_new_hint')} value=${fresh}
      error=${error?.field === 'new_password' ? errorText(error) : undefined}
      onInput=${(event) => setFresh(event.target.value)} />
    ${error && !isOldWrong && error.field !== 'new_password' && html`<${ActionError} error=${error} />`}
    <div class="form-end"><${Button} type="submit" kind="primary" busy=${busy} disabled=${!fresh}>
      ${t('password_change')}<//></div>
  </form><//>`;
}

/** What the provider's side said when the browser came back from it with a refusal. */
function takeReturn() {
  const code = Number(new URLSearchParams(location.search).get('oauth_error'));
  if (code) history.replaceState(null, '', `/${location.hash}`);
  return code;
}

function Identities() {
  const [providers, setProviders] = useState(null);
  const [identities, setIdentities] = useState([]);
  const [refused] = useState(takeReturn);
  const { busy, error, run } = useAction();
  const load = () => run(async () => {
    const paths = ['/api/oauth', '/api/identities'];
    const [all, mine] = await Promise.all(paths.map((path) => parley.request('GET', path)));
    setProviders(all.providers.map(({ name }) => name));
    setIdentities(mine.identities);
  });
  useEffect(() => { load(); }, []);
  const unlink = async (provider) => {
    if (!await isSure('unlink', { provider })) return;
    run(async () => {
      await parley.request('DELETE', `/api/identities/${encodeURIComponent(provider)}`);
      setIdentities((old) => old.filter((identity) => identity.provider !== provider));
    }, t('unlinked', { provider }));
  };
  if (providers && !providers.length && !identities.length) return null; // the operator has set up none
  const rows = [...new Set([...(providers ?? []), ...identities.map(({ provider }) => provider)])];
  return html`<${Section} title=${t('identities')}>
    <p class="hint">${t('identities_hint')}</p>
    ${refused > 0 && html`<p class="field-error" role="alert">
      ${t(refused === 40903 ? 'link_taken' : 'link_failed')}</p>`}
    ${!providers && !error && html`<${Spinner} label=${t('loading')} />`}
    <ul class="rows">${rows.map((provider) => html`<li key=${provider}>
      <${Identity} provider=${provider} busy=${busy} onUnlink=${() => unlink(provider)}
        identity=${identities.find((other) => other.provider === provider)} /></li>`)}</ul>
    ${error && html`<p class="field-error" role="alert">
      ${error.code === 40903 ? t('unlink_last') : errorText(error)}</p>`}
  <//>`;
}

function Identity({ provider, identity, busy, onUnlink }) {
  return html`<div class="device"><${Icon} name="link" />
    <span class="person-texts"><span class="person-name">${provider}</span>
      <span class="person-under">${identity
      ? html`<bdi>${identity.username}</bdi> · ${full(identity.created_at)}` : t('not_linked')}</span></span>
    ${identity
    ? html`<${Button} disabled=${busy} aria-label=${t('unlink_of', { provider })} onClick=${onUnlink}>
        ${t('unlink')}<//>`
    : html`<${Button} disabled=${busy} aria-label=${t('link_of', { provider })}
        onClick=${() => openDialog(LinkDialog, { provider })}>${t('link')}<//>`}
  </div>`;
}

/** A question that wants the password. @param {{onSubmit: (password: string) => Promise<void>}} props */
function PasswordDialog({ title, text, action, danger, onSubmit, close }) {
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAction();
  const submit = (event) => {
    event.preventDefault();
    run(() => onSubmit(password));
  };
  const actions = html`<${Button} onClick=${() => close()}>${t('cancel')}<//>
    <${Button} kind=${danger ? 'danger' : 'primary'} type="submit" form="password-dialog" busy=${busy}>
      ${action}<//>`;
  return html`<${Dialog} title=${title} close=${close} actions=${actions}>
    <form class="form" id="password-dialog" onSubmit=${submit}>
      <p>${text}</p>
      <input type="text" autocomplete="username" value=${parley.me?.username} readonly hidden />
      <${Field} label=${t('password_yours')} name="confirm-password" type="password" autofocus
        autocomplete="current-password" maxlength="128" hint=${t('password_none_hint')} value=${password}
        error=${error ? errorText(error) : undefined}
        onInput=${(event) => setPassword(event.target.value)} />
    </form>
  <//>`;
}

function LinkDialog({ provider, close }) {
  const link = async (password) => {
    const { url } = await parley.request('POST', `/api/oauth/${encodeURIComponent(provider)}/link`,
      { body: { redirect: TAB, ...(password && { password }) } });
    location.assign(url);
  };
  return html`<${PasswordDialog} title=${t('link_of', { provider })} text=${t('link_text', { provider })}
    action=${t('link')} onSubmit=${link} close=${close} />`;
}

// Not by a plain link: a refusal must be shown here, and not be saved as a file.
async function download() {
  await parley.request('GET', '/api/users/me'); // a fresh cookie, if need be
  const answer = await fetch(EXPORT);
  if (!answer.ok) await refuse(answer);
  const address = URL.createObjectURL(await answer.blob());
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = `parley-${parley.me?.username}.zip`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000); // by then the browser has begun to save it
}

async function refuse(answer) {
  const { code, message } = await answer.json();
  const retryAfter = Number(answer.headers.get('Retry-After')) || undefined;
  throw Object.assign(new Error(message), { code, retryAfter });
}

function Export() {
  const { busy, error, run } = useAction();
  return html`<${Section} title=${t('export')}>
    <p class="hint">${t('export_hint')}</p>
    <${Button} busy=${busy} onClick=${() => run(download, t('export_done'))}>
      <${Icon} name="download" size=${18} />${t('export_do')}<//>
    <${ActionError} error=${error} />
  <//>`;
}

function Delete() {
  return html`<${Section} title=${t('account_delete')}>
    <p class="hint">${t('account_delete_hint')}</p>
    <${Button} kind="danger" onClick=${() => openDialog(DeleteDialog)}>${t('account_delete')}<//>
  <//>`;
}

function DeleteDialog({ close }) {
  const erase = async (password) => {
    await parley.request('POST', '/api/account/delete', { body: password ? { password } : {} });
    close();
    toast(t('account_deleted'));
  };
  return html`<${PasswordDialog} title=${t('account_delete')} text=${t('account_delete_text')}
    action=${t('account_delete_do')} danger onSubmit=${erase} close=${close} />`;
}
