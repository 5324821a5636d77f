/** Recording a voice: takes the composer's place, from the microphone's permission to "send". */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { Icon } from '/icons.js';
import { t } from '/texts.js';
import { duration } from '/times.js';
import { IconButton, toast } from '/ui.js';
import { askBeforeLeaving } from '/leaving.js';
import { AudioPlayer } from '/player.js';
import { canRecord, startRecording } from '/recorder.js';

const VOICE = 5; // msg_type
const LENGTH_MAX = 5 * 60000; // ms: longer ones nobody listens to
const LENGTH_MIN = 300; // ms: a click by mistake
const TICK = 80; // ms between two drawings of the level

/** Why there is no recording, in words. */
function problemOf(error) {
  if (error.name === 'NotAllowedError') return t('voice_denied');
  return error.name === 'NotFoundError' ? t('voice_no_microphone') : t('voice_failed');
}

/**
 * Record, listen, send.
 * @param {{conversation_id: string, on_sent: () => void, on_done: () => void}} props on_done: sent, cancelled
 *   or impossible
 */
export function VoiceRecorder({ conversation_id, on_sent, on_done }) {
  const recorder = useRef(/** @type {any} */ (null));
  const [live, setLive] = useState(false);
  const [taken, setTaken] = useState(/** @type {any} */ (null)); // {blob, url, …}: to be listened to

  useEffect(() => {
    let gone = false;
    const begin = async () => {
      try {
        if (!canRecord()) throw new Error('this browser does not record');
        const begun = await startRecording();
        if (gone) {
          begun.cancel();
          return;
        }
        recorder.current = begun;
        setLive(true);
      } catch (error) {
        if (gone) return;
        toast(problemOf(error), { kind: 'error' });
        on_done();
      }
    };
    begin();
    return () => {
      gone = true;
      recorder.current?.cancel();
    };
  }, []);
  useEffect(() => () => { if (taken) URL.revokeObjectURL(taken.url); }, [taken]);
  useEffect(() => askBeforeLeaving(() => live || Boolean(taken)), [live, taken]);

  const stop = async () => {
    const result = await recorder.current.stop();
    setLive(false);
    if (result.duration < LENGTH_MIN || !result.blob.size) {
      toast(t('voice_too_short'));
      on_done();
      return null;
    }
    return result;
  };
  const pause = async () => {
    const result = await stop();
    if (result) setTaken({ ...result, url: URL.createObjectURL(result.blob) });
  };
  const send = async () => {
    const result = taken || await stop();
    if (!result) return;
    const { blob, file_name, duration: length } = result;
    parley.sendFile(conversation_id, blob, { msg_type: VOICE, file_name, duration: length });
    on_sent();
    on_done();
  };
  const onKeyDown = (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    on_done();
  };
  return html`
    <div class="composer-row voice-row" role="group" aria-label=${t('voice_title')} onKeyDown=${onKeyDown}>
      <${IconButton} icon="trash" label=${t('voice_cancel')} onClick=${on_done} />
      ${taken
    ? html`<${AudioPlayer} urls=${[taken.url]} length=${taken.duration} />`
    : html`<${Meter} recorder=${live ? recorder.current : null} on_end=${pause} />
        <${StopButton} disabled=${!live} on_stop=${pause} />`}
      <button type="button" class="composer-send" aria-label=${t('voice_send')} title=${t('voice_send')}
        disabled=${!live && !taken} onClick=${send}><${Icon} name="send" /></button>
    </div>`;
}

/** Has the focus from the beginning: Enter or Space ends the recording. */
function StopButton({ disabled, on_stop }) {
  const button = useRef(null);
  useEffect(() => { if (!disabled) button.current.focus(); }, [disabled]);
  return html`<button type="button" class="icon-button" ref=${button} disabled=${disabled} onClick=${on_stop}
    aria-label=${t('voice_stop')} title=${t('voice_stop')}><${Icon} name="stop" /></button>`;
}

/** Speech seldom reaches the loudest: a little more than it is; silence is a dot. */
const heightOf = (level) => Math.max(8, Math.min(100, level * 140));

function Meter({ recorder, on_end }) {
  const [levels, setLevels] = useState(/** @type {number[]} */ ([]));
  const [time, setTime] = useState(0);
  useEffect(() => {
    if (!recorder) return undefined;
    const timer = setInterval(() => {
      setLevels((before) => [...before.slice(-47), recorder.level()]);
      setTime(recorder.elapsed());
      if (recorder.elapsed() < LENGTH_MAX) return;
      clearInterval(timer);
      on_end();
    }, TICK);
    return () => clearInterval(timer);
  }, [recorder]);
  return html`
    <span class="voice-dot" aria-hidden="true"></span>
    <span class="voice-time" role="timer" aria-label=${t('voice_recording')}>${duration(time)}</span>
    <span class="voice-meter" aria-hidden="true">
      ${levels.map((level, i) => html`<i key=${i} style=${{ height: `${heightOf(level)}%` }}></i>`)}
    </span>`;
}
