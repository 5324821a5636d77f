/** The settings' tabs that are about this browser: looks, language, notifications. */
import { html } from '/vendor/preact.js';
import { setPreference, usePreference } from '/preferences.js';
import { t } from '/texts.js';

/**
 * A choice of one, kept as a preference.
 * @param {{name: string, label: string, options: [string, string][]}} props options: value and text
 */
export function Choice({ name, label, options }) {
  const value = usePreference(name);
  return html`<fieldset class="choice"><legend>${label}</legend>
    ${options.map(([option, text]) => html`<label key=${option} class="choice-option">
      <input type="radio" name=${name} checked=${value === option} onChange=${() => setPreference(name, option)} />
      <span>${text}</span></label>`)}
  </fieldset>`;
}

export function AppearanceSettings() {
  return html`
    <${Choice} name="theme" label=${t('theme')} options=${[
      ['system', t('as_the_system')], ['light', t('theme_light')], ['dark', t('theme_dark')]]} />
    <${Choice} name="language" label=${t('language')} options=${[
      ['system', t('as_the_system')], ['en', 'English'], ['zh', '中文']]} />
    <${Choice} name="send_key" label=${t('send_key')} options=${[
      ['enter', t('send_key_enter')], ['ctrl_enter', t('send_key_ctrl')]]} />`;
}

export function NotificationSettings() {
  return html`<p></p>`;
}
