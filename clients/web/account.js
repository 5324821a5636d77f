import { html } from '/vendor/preact.js';

export function ProfileSettings() {
  return html`<p>ProfileSettings</p>`;
}

export function PrivacySettings() {
  return html`<p>PrivacySettings</p>`;
}

export function DevicesSettings() {
  return html`<p>DevicesSettings</p>`;
}

export function AccountSettings() {
  return html`<p>AccountSettings</p>`;
}
