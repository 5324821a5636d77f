/** Playing voices, one at a time. */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { Icon } from '/icons.js';
import { t } from '/texts.js';
import { duration } from '/times.js';

/** @type {HTMLMediaElement | null} what is heard now */
let heard = null;

/**
 * Call when something begins to play: what played before falls silent.
 * @param {HTMLMediaElement} element
 */
export function playAlone(element) {
  if (heard && heard !== element) heard.pause();
  heard = element;
}

/**
 * Addresses of a file, tried in their order until one loads. One of ours is tried twice: it may only
 * need a fresh cookie, so something small is asked for, which refreshes the session if need be.
 * @param {(string | undefined)[]} urls such as that of the local preview, then the server's
 * @returns {{src: string | undefined, failed: boolean, onError: () => void}} onError: give it to the element
 */
export function useFreshUrl(...urls) {
  const twice = (url) => (url.startsWith('/api/') ? [url, `${url}?again`] : [url]);
  const tries = urls.filter(Boolean).flatMap(twice);
  const [broken, setBroken] = useState(/** @type {string[]} */ ([])); // not how many: the list may change
  const src = tries.find((url) => !broken.includes(url));
  const onError = async () => {
    if (tries.includes(`${src}?again`)) {
      await parley.request('GET', '/api/users/me').catch(() => {}); // then the second try fails, too
    }
    setBroken((before) => [...before, src]);
  };
  return { src, failed: !src, onError };
}

/**
 * A voice: play, pause, seek.
 * @param {{urls: (string | undefined)[], length?: number}} props urls: as of useFreshUrl(); length in ms:
 *   recordings do not say it themselves
 */
export function AudioPlayer({ urls, length }) {
  const audio = useRef(null);
  const { src, failed, onError } = useFreshUrl(...urls);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0); // ms
  const [own_length, setOwnLength] = useState(0);
  const total = length || own_length;
  useEffect(() => () => { audio.current?.pause(); }, []);
  useEffect(() => { // "timeupdate" comes four times a second: too seldom for a line that moves
    if (!playing) return undefined;
    let frame = requestAnimationFrame(function draw() {
      if (audio.current) setAt(audio.current.currentTime * 1000);
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  const toggle = () => {
    if (playing) audio.current.pause();
    else audio.current.play().catch(() => {}); // onError has told
  };
  const seek = (event) => {
    audio.current.currentTime = Number(event.target.value) / 1000;
    setAt(Number(event.target.value));
  };
  const onMetadata = ({ target }) => {
    if (Number.isFinite(target.duration)) setOwnLength(target.duration * 1000);
  };
  const onEnded = () => {
    setPlaying(false);
    setAt(0);
    audio.current.currentTime = 0;
  };
  const spoken = t('player_time', { at: duration(at), length: duration(total) });
  if (failed) return html`<span class="media-failed">${t('media_failed')}</span>`;
  return html`
    <div class="player" role="group" aria-label=${t('kind_voice')}>
      <audio ref=${audio} src=${src} preload="metadata" onError=${onError} onLoadedMetadata=${onMetadata}
        onPlay=${() => { playAlone(audio.current); setPlaying(true); }} onPause=${() => setPlaying(false)}
        onEnded=${onEnded}></audio>
      <button type="button" class="player-button" onClick=${toggle}
        aria-label=${playing ? t('player_pause') : t('player_play')}>
        <${Icon} name=${playing ? 'pause' : 'play'} size=${20} /></button>
      <input class="player-line" type="range" min="0" max=${Math.max(1, Math.round(total))} step="100"
        value=${Math.round(at)} aria-label=${t('player_position')} aria-valuetext=${spoken} onInput=${seek} />
      <span class="player-time" aria-hidden="true">${duration(playing || at ? at : total)}</span>
    </div>`;
}
