import { html } from '/vendor/preact.js';
import { Dialog } from '/ui.js';

export function ProfileDialog({ user_id, close }) {
  return html`<${Dialog} title=${user_id} close=${close}><//>`;
}
