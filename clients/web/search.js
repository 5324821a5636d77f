import { html } from '/vendor/preact.js';

export function SearchPane({ query }) {
  return html`<p>SearchPane</p>`;
}
