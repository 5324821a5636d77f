import { html } from '/vendor/preact.js';

export function Chat({ conversation_id }) {
  return html`<p>Chat</p>`;
}
