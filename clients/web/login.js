/** Who is not logged in: log in, register, or by a provider. */
import { html, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { errorText, t } from '/texts.js';
import { Button, Field } from '/ui.js';

export function Login() {
  const [mode, setMode] = useState('login');
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    try {
      if (mode === 'register') await parley.register(values);
      await parley.login(values);
      parley.start();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return html`<main class="login"><form onSubmit=${submit}>
    <h1>Parley</h1>
    <${Field} label=${t('username')} name="username" autocomplete="username" required />
    <${Field} label=${t('password')} name="password" type="password" required
      autocomplete=${mode === 'login' ? 'current-password' : 'new-password'} />
    ${error && html`<p class="field-error" role="alert">${errorText(error)}</p>`}
    <${Button} type="submit" kind="primary" busy=${busy}>${t(mode === 'login' ? 'log_in' : 'register')}<//>
    <button type="button" class="link" onClick=${() => setMode(mode === 'login' ? 'register' : 'login')}>
      ${t(mode === 'login' ? 'no_account' : 'have_account')}</button>
  </form></main>`;
}
