/** Who is not logged in: log in, register, or come by another provider. */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { deviceName, parley } from '/client.js';
import { errorText, t } from '/texts.js';
import { Button, Field, IconButton } from '/ui.js';
import { Icon } from '/icons.js';

const USERNAME = /^[a-z0-9_.-]{3,32}$/; // of the name's normal form; the server has the last word
const PASSWORD_MIN = 8; // characters
const KNOWN_ENDS = ['logout', 'expired', 'replay', 'ended', 'everywhere', 'password', 'replaced', 'admin',
  'banned', 'deleted', 'somebody_else'];
const OWN_ENDS = ['logout', 'deleted']; // one's own doing: nothing to explain

/** The log-in. While it is shown nothing of anybody's account is on the screen. */
export function Login() {
  const [mode, setMode] = useState('login');
  const [oauthError] = useState(takeOauthError);
  const ended = parley.endedReason;
  const notice = oauthError ?? (ended && !OWN_ENDS.includes(ended) ? endText(ended) : null);
  return html`<main id="content" class="login" tabindex="-1"><div class="login-card">
    <img src="/icon.svg" alt="" width="56" height="56" />
    <h1>${t(mode === 'login' ? 'login_title' : 'register_title')}</h1>
    ${notice && html`<p class="notice" role="alert"><${Icon} name="info" size=${20} />
      <span>${notice}</span></p>`}
    <${Form} key=${mode} mode=${mode} />
    <${Providers} />
    <p class="login-other">${t(mode === 'login' ? 'no_account' : 'have_account')} <button type="button"
      class="link" onClick=${() => setMode(mode === 'login' ? 'register' : 'login')}>${
        t(mode === 'login' ? 'create_account' : 'log_in')}</button></p>
  </div></main>`;
}

/** Why a session ended, in words. @param {string} reason of session.ended */
function endText(reason) {
  return t(KNOWN_ENDS.includes(reason) ? `ended_${reason}` : 'ended_other');
}

// A provider sent the person back with a refusal. Out of the address, or a reload would say it again.
function takeOauthError() {
  const code = new URLSearchParams(location.search).get('oauth_error');
  if (!code) return null;
  history.replaceState(null, '', location.pathname + location.hash);
  return t(['40301', '40101', '40903', '50301'].includes(code) ? `oauth_${code}` : 'oauth_other');
}

function Form({ mode }) {
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const ref = useRef(null);
  useEffect(() => ref.current.querySelector('input').focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(ref.current));
    const wrong = mode === 'register' ? check(values) : {};
    if (Object.keys(wrong).length) return show(wrong);
    setBusy(true);
    setErrors({});
    try {
      await enter(mode, values);
    } catch (error) {
      setBusy(false);
      show(placeError(error));
    }
  };
  const show = (wrong) => {
    setErrors(wrong);
    ref.current.querySelector(`[name="${Object.keys(wrong)[0]}"]`)?.focus();
  };
  const is_new = mode === 'register';
  return html`<form class="login-form" ref=${ref} onSubmit=${submit} novalidate>
    <${Field} label=${t('username')} name="username" autocomplete="username" autocapitalize="none"
      spellcheck=${false} required error=${errors.username} hint=${is_new && t('username_hint')} />
    ${is_new && html`<${Field} label=${t('nickname')} name="nickname" autocomplete="nickname" maxlength="64"
      error=${errors.nickname} hint=${t('nickname_hint')} />`}
    <${Password} is_new=${is_new} error=${errors.password} />
    ${errors.form && html`<p class="field-error" role="alert">${errors.form}</p>`}
    <${Button} type="submit" kind="primary" busy=${busy}>${t(is_new ? 'create_account' : 'log_in')}<//>
  </form>`;
}

function Password({ is_new, error }) {
  const [shown, setShown] = useState(false);
  return html`<${Field} label=${t('password')} name="password" type=${shown ? 'text' : 'password'} required
    autocomplete=${is_new ? 'new-password' : 'current-password'} error=${error}
    hint=${is_new && t('password_hint')}>
    <${IconButton} icon=${shown ? 'eye_off' : 'eye'} label=${t('show_password')} pressed=${shown}
      onClick=${() => setShown(!shown)} /><//>`;
}

// What the server would refuse for certain is said before it is asked.
function check({ username, password }) {
  const wrong = {};
  if (!USERNAME.test(username.normalize('NFKC').toLowerCase())) wrong.username = t('bad_username');
  if ([...password].length < PASSWORD_MIN) wrong.password = t('short_password');
  return wrong;
}

async function enter(mode, { username, password, nickname }) {
  const named = nickname?.trim() ? { nickname: nickname.trim() } : {}; // else it is the username
  if (mode === 'register') await parley.register({ username, password, ...named });
  await parley.login({ username, password });
  parley.start();
}

// Each refusal at its field.
function placeError(error) {
  if (error.code === 40902) return { username: errorText(error) };
  if (error.code === 40001 && error.field === 'password') return { password: t('bad_password') };
  if (error.code === 40001 && error.field) return { [error.field]: errorText(error) };
  return { form: errorText(error) };
}

function Providers() {
  const [providers, setProviders] = useState([]);
  useEffect(() => {
    // Without an answer there are no buttons; the form says what is wrong when it is used.
    parley.request('GET', '/api/oauth').then((answer) => setProviders(answer.providers), () => {});
  }, []);
  if (!providers.length) return null;
  return html`<div class="login-providers"><p class="or"><span>${t('or')}</span></p>
    ${providers.map(({ name }) => html`<a key=${name} class="button" href=${providerHref(name)}>
      <${Icon} name="globe" size=${20} />${t('log_in_with', { provider: providerName(name) })}</a>`)}</div>`;
}

function providerHref(name) {
  const query = new URLSearchParams({ redirect: '/', device: deviceName() });
  return `/api/oauth/${encodeURIComponent(name)}?${query}`;
}

function providerName(name) {
  return name === 'github' ? 'GitHub' : name.charAt(0).toLocaleUpperCase() + name.slice(1);
}
