import { html } from '/vendor/preact.js';
import { Dialog } from '/ui.js';

export function InfoPanel({ conversation_id }) {
  return html`<p>${conversation_id}</p>`;
}

export function NewGroupDialog({ close }) {
  return html`<${Dialog} title="" close=${close}><//>`;
}
