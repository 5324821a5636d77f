import { html } from '/vendor/preact.js';

export function Composer({ conversation_id }) {
  return html`<p>Composer</p>`;
}
