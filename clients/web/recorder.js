/** A voice as the browser records it. No part of the page: views are in voice.js. */

const PIECE = 1000; // ms: what is lost at most when the recorder dies
/** The first that a browser can make. The server takes a film without pictures for a voice, too. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const EXTENSIONS = { 'audio/webm': 'webm', 'audio/mp4': 'm4a', 'audio/ogg': 'ogg' };

/** Does this browser record at all? (Not on a page without TLS that is not on this machine.) */
export function canRecord() {
  return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
}

/** How loud it is now, 0 to 1, by the greatest deviation from silence. */
function levelOf(analyser, samples) {
  analyser.getByteTimeDomainData(samples);
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample - 128));
  return peak / 128;
}

/**
 * Ask for the microphone and begin to record.
 * @returns {Promise<{stop: () => Promise<{blob: Blob, file_name: string, duration: number}>,
 *   cancel: () => void, level: () => number, elapsed: () => number}>} stop and cancel give the microphone back; elapsed and
 *   duration in ms. Rejects with the browser's DOMException (NotAllowedError, NotFoundError …)
 */
export async function startRecording() {
  const audio = { echoCancellation: true, noiseSuppression: true };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);

  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start(PIECE);
  const begun_at = performance.now();
  const elapsed = () => performance.now() - begun_at;

  const release = () => {
    if (recorder.state !== 'inactive') recorder.stop();
    stream.getTracks().forEach((track) => track.stop());
    if (context.state !== 'closed') context.close();
  };
  return {
    elapsed,
    level: () => levelOf(analyser, samples),
    cancel: release,
    stop: async () => {
      const duration = Math.round(elapsed());
      release();
      await stopped;
      const type = recorder.mimeType.split(';')[0];
      return { blob: new Blob(pieces, { type }), file_name: `voice.${EXTENSIONS[type] || 'webm'}`, duration };
    },
  };
}
