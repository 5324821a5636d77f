/** Until when: a choice of periods, or a date. */
import { html, useState } from '/vendor/preact.js';
import { t } from '/texts.js';
import { Field } from '/ui.js';

const HOUR = 3600000; // milliseconds
const PERIODS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };

/** The fields `period` and, if that is 'date', `date`. @param {{forever?: boolean}} props forever: may have no end */
export function PeriodField({ forever = false }) {
  const names = [...(forever ? ['forever'] : []), ...Object.keys(PERIODS), 'date'];
  const [chosen, setChosen] = useState(forever ? 'forever' : 'day');
  return html`<div class="field"><label for="field-period">${t('console_for_how_long')}</label>
    <div class="field-row"><select id="field-period" name="period" value=${chosen}
      onChange=${(event) => setChosen(event.target.value)}>
      ${names.map((name) => html`<option key=${name} value=${name} selected=${name === chosen}>${
        t(`console_period_${name}`)}</option>`)}</select></div></div>
    ${chosen === 'date' && html`<${Field} label=${t('console_until')} name="date" type="datetime-local" required />`}`;
}

/**
 * When the chosen period ends.
 * @param {string} period as in the field
 * @param {string} [date] local, "2026-11-21T14:30"
 * @returns {number} Unix milliseconds; 0: never
 */
export function untilOf(period, date) {
  if (period === 'forever') return 0;
  return period === 'date' ? new Date(date).getTime() : Date.now() + PERIODS[period];
}
