/** What goes on, and how much there is. */
import { html } from '/vendor/preact.js';
import { sizeText } from '/sizes.js';
import { errorText, t } from '/texts.js';
import { Sparkline } from '/admin/sparkline.js';
import { useFigures } from '/admin/figures.js';
import { count, rate } from '/admin/numbers.js';

const TALLY = 10; // seconds that messages_10s is about

/** The overview. @param {{figures: import('./figures.js').Figures}} props */
export function Overview({ figures }) {
  useFigures(figures);
  const { latest, error, samples } = figures;
  const { live, stored } = latest;
  return html`<h1>${t('console_view_overview')}</h1>
    ${error && html`<p class="notice" role="status">${t('console_figures_old')} ${errorText(error)}</p>`}
    ${!live && html`<p class="notice" role="status">${t('console_redis_away')}</p>`}
    ${!stored && html`<p class="notice" role="status">${t('console_message_away')}</p>`}
    <div class="figures lively">
      <${Lively} name="online" value=${live?.online} format=${count} samples=${samples} of=${(s) => s.live?.online} />
      <${Lively} name="messages_per_second" value=${live && live.messages_10s / TALLY} format=${rate}
        samples=${samples} of=${(s) => s.live && s.live.messages_10s / TALLY} />
    </div>
    <dl class="figures">
      <${Figure} name="accounts" value=${count(latest.accounts)} />
      <${Figure} name="messages" value=${stored && count(stored.messages)} />
      <${Figure} name="conversations" value=${stored && count(stored.conversations)} />
      <${Figure} name="files" value=${stored && count(stored.files)} more=${stored && sizeText(stored.file_bytes)} />
      <${Figure} name="data" value=${sizeText(latest.data_bytes)} />
      <${Figure} name="indexes" value=${sizeText(latest.index_bytes)} />
    </dl>`;
}

function Lively({ name, value, format, samples, of }) {
  const label = t(`console_figure_${name}`);
  const points = samples.map((sample) => ({ at: sample.at, value: of(sample) }))
    .filter((point) => Number.isFinite(point.value));
  const max = Math.max(0, ...points.map((point) => point.value));
  return html`<section class="card figure" aria-label=${label}>
    <h2>${label}</h2>
    <p class="figure-value">${Number.isFinite(value) ? format(value) : '—'}</p>
    <${Sparkline} points=${points} label=${t('console_sparkline', { label, max: format(max) })} />
  </section>`;
}

function Figure({ name, value, more }) {
  return html`<div class="card figure"><dt>${t(`console_figure_${name}`)}</dt>
    <dd><span class="figure-value">${value || '—'}</span>
      ${more && html`<span class="hint">${more}</span>`}</dd></div>`;
}
