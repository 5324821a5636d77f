/** A line above all: the connection is away, or not quite there yet. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { parley, useTopic } from '/client.js';
import { t } from '/texts.js';
import { Icon } from '/icons.js';
import { Spinner } from '/ui.js';

const PATIENCE = 1500; // ms: what connects sooner says nothing

const TEXTS = { offline: 'banner_offline', connecting: 'banner_connecting', syncing: 'banner_syncing' };

/** Empty while all is well; announced politely. */
export function Banner() {
  useTopic('state');
  const state = parley.state;
  const [shown, setShown] = useState(null);
  useEffect(() => {
    if (!TEXTS[state]) return setShown(null);
    if (shown === 'offline' && state === 'connecting') return; // one of many tries: nothing new
    const timer = setTimeout(() => setShown(state), shown || state === 'offline' ? 0 : PATIENCE);
    return () => clearTimeout(timer);
  }, [state]);
  return html`<div class="banner-region" role="status" aria-live="polite">
    ${shown && html`<p class=${`banner ${shown}`}>
      ${shown === 'offline' ? html`<${Icon} name="wifi_off" size=${18} />` : html`<${Spinner} size=${16} />`}
      <span>${t(TEXTS[shown])}</span></p>`}
  </div>`;
}
