/** A labelled choice of a form. */
import { html } from '/vendor/preact.js';

/**
 * A select with its label. Without onChange it is the form's, and what is chosen stays when the view is drawn again.
 * @param {{label: string, name: string, value: string, options: [string, string][],
 *   onChange?: (value: string) => void}} props options: value and text
 */
export function Select({ label, name, value, options, onChange }) {
  return html`<div class="field"><label for=${`field-${name}`}>${label}</label>
    <div class="field-row"><select id=${`field-${name}`} name=${name} value=${onChange && value}
      onChange=${onChange && ((event) => onChange(event.target.value))}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select></div></div>`;
}
