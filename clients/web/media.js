import { html } from '/vendor/preact.js';

export function FileContent({ message }) {
  return html`<p>FileContent</p>`;
}
