/** A line that shows where a figure comes from. */
import { html } from '/vendor/preact.js';

const WIDTH = 240;
const HEIGHT = 48;
const PERIOD_MIN = 60000; // milliseconds from the left edge to the right one: of a page that is new
const PERIOD_MAX = 600000;
const MARGIN = 2; // so that the stroke is not cut

/**
 * What is known of the last ten minutes as a line; the newest is at the right edge.
 * @param {{points: {at: number, value: number}[], label: string}} props points: oldest first; at: Unix milliseconds
 */
export function Sparkline({ points, label }) {
  const end = points.at(-1)?.at ?? 0;
  const max = Math.max(1, ...points.map((point) => point.value));
  const period = Math.min(PERIOD_MAX, Math.max(PERIOD_MIN, end - (points[0]?.at ?? 0)));
  const x = (at) => (WIDTH - MARGIN) - ((end - at) / period) * (WIDTH - 2 * MARGIN);
  const y = (value) => (HEIGHT - MARGIN) - (value / max) * (HEIGHT - 2 * MARGIN);
  const shown = points.filter((point) => end - point.at <= period);
  const line = shown.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`).join(' ');
  return html`<svg class="sparkline" role="img" aria-label=${label} viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}
    preserveAspectRatio="none">
    ${shown.length > 1 && html`<polygon points=${`${x(shown[0].at).toFixed(1)},${HEIGHT} ${line} ${
      x(end).toFixed(1)},${HEIGHT}`} />`}
    <polyline points=${line} vector-effect="non-scaling-stroke" />
  </svg>`;
}
