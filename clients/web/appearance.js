/** The settings' tabs that are about this browser: looks, language, keys, notifications. */
import { html, useState } from '/vendor/preact.js';
import { setPreference, usePreference } from '/preferences.js';
import { enableNotifications, notificationState } from '/notify.js';
import { Shortcuts } from '/shortcuts.js';
import { t } from '/texts.js';
import { Button, openDialog } from '/ui.js';

/**
 * A choice of one, kept as a preference.
 * @param {{name: string, label: string, options: [string, string][]}} props options: value and text
 */
function Choice({ name, label, options }) {
  const value = usePreference(name);
  return html`<fieldset class="choice"><legend>${label}</legend>
    ${options.map(([option, text]) => html`<label key=${option} class="choice-option">
      <input type="radio" name=${name} checked=${value === option}
        onChange=${() => setPreference(name, option)} />
      <span>${text}</span></label>`)}
  </fieldset>`;
}

/** Theme, language, which key sends. */
export function AppearanceSettings() {
  return html`
    <${Choice} name="theme" label=${t('theme')} options=${[
      ['system', t('as_the_system')], ['light', t('theme_light')], ['dark', t('theme_dark')]]} />
    <${Choice} name="language" label=${t('language')} options=${[
      ['system', t('as_the_system')], ['en', 'English'], ['zh', '中文']]} />
    <${Choice} name="send_key" label=${t('send_key')} options=${[
      ['enter', t('send_key_enter')], ['ctrl_enter', t('send_key_ctrl')]]} />
    <p><${Button} onClick=${() => openDialog(Shortcuts)}>${t('shortcuts')}<//></p>`;
}

/** Desktop notifications, asked for by a click and never by themselves. */
export function NotificationSettings() {
  const wanted = usePreference('notifications');
  const [state, setState] = useState(notificationState());
  const choose = async (event) => {
    const { checked } = event.target;
    if (!checked) return setPreference('notifications', false);
    await enableNotifications();
    setState(notificationState());
  };
  const is_possible = state === 'granted' || state === 'default';
  return html`<label class="choice-option"><input type="checkbox" role="switch" disabled=${!is_possible}
      checked=${wanted && state === 'granted'} onChange=${choose} />
      <span>${t('notifications_wanted')}</span></label>
    <p class="hint">${t(is_possible ? 'notifications_hint' : `notifications_${state}`)}</p>
    <p class="hint">${t('notifications_muted')}</p>`;
}
