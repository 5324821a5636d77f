/** The settings' frame: a list of tabs, and the chosen one. On a phone one after the other. */
import { html } from '/vendor/preact.js';
import { parley } from '/client.js';
import { t } from '/texts.js';
import { Icon } from '/icons.js';
import { AppearanceSettings, NotificationSettings } from '/appearance.js';
import { AccountSettings } from '/account.js';
import { ProfileSettings } from '/own_profile.js';
import { PrivacySettings } from '/privacy.js';
import { DevicesSettings } from '/sessions.js';

const TABS = [
  { tab: 'profile', icon: 'user', Component: ProfileSettings },
  { tab: 'appearance', icon: 'palette', Component: AppearanceSettings },
  { tab: 'notifications', icon: 'bell', Component: NotificationSettings },
  { tab: 'privacy', icon: 'shield', Component: PrivacySettings },
  { tab: 'devices', icon: 'device', Component: DevicesSettings },
  { tab: 'account', icon: 'lock', Component: AccountSettings },
];

/** @param {{tab?: string}} props which is open; none: the first, on a phone the list of them */
export function Settings({ tab }) {
  const chosen = TABS.find((other) => other.tab === tab) ?? TABS[0];
  return html`<div class=${`settings ${tab ? 'chosen' : ''}`}>
    <nav class="settings-tabs" aria-label=${t('settings')}>
      <h1>${t('settings')}</h1>
      ${TABS.map((other) => html`<a key=${other.tab} href=${`#/settings/${other.tab}`} class="row"
        aria-current=${other === chosen ? 'page' : undefined}>
        <${Icon} name=${other.icon} size=${20} /><span>${t(`settings_${other.tab}`)}</span></a>`)}
      ${['moderator', 'admin'].includes(parley.me.role) && html`<a href="/admin/" class="row">
        <${Icon} name="gauge" size=${20} /><span>${t('administration')}</span></a>`}
    </nav>
    <section class="settings-tab" aria-labelledby="settings-title">
      <header><a class="icon-button only-phone" href="#/settings" aria-label=${t('back')}>
        <${Icon} name="back" /></a>
        <h2 id="settings-title">${t(`settings_${chosen.tab}`)}</h2></header>
      <div class="settings-body"><${chosen.Component} key=${chosen.tab} /></div>
    </section>
  </div>`;
}
