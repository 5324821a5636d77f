/**
 * What a file is before it is sent: its kind of message, and the measures that the server cannot take.
 * What this browser cannot open is sent as a plain file, whatever its name says.
 *
 * @typedef {{msg_type: 4 | 5 | 6 | 7, width?: number, height?: number, duration?: number}} Measure
 *   duration in ms; width and height in pixels
 */

const PATIENCE = 5000; // ms; a film whose head is at its end takes long to say what it is
const IMAGE = 4;
const VOICE = 5;
const VIDEO = 6;
const FILE = 7;
/** The types that the server takes as pictures (file_types.c) and a browser shows. */
export const PICTURES = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;

async function measureImage(blob) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  bitmap.close();
  return { msg_type: IMAGE, width, height };
}

/** What an element says of a file once it knows; the element is thrown away. */
function readMetadata(element, blob, read) {
  const url = URL.createObjectURL(blob);
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('it takes too long')), PATIENCE);
    element.onloadedmetadata = () => resolve(read(element));
    element.onerror = () => reject(new Error('it cannot be played'));
    element.preload = 'metadata';
    element.src = url;
  }).finally(() => {
    element.removeAttribute('src');
    URL.revokeObjectURL(url);
  });
}

/** A length in ms; recordings of a browser have none in their file. */
function lengthOf(element) {
  return Number.isFinite(element.duration) ? { duration: Math.round(element.duration * 1000) } : {};
}

function measureFilm(blob) {
  return readMetadata(document.createElement('video'), blob, (video) => (video.videoWidth
    ? { msg_type: VIDEO, width: video.videoWidth, height: video.videoHeight, ...lengthOf(video) }
    : { msg_type: VOICE, ...lengthOf(video) }));
}

function measureSound(blob) {
  return readMetadata(new Audio(), blob, (audio) => ({ msg_type: VOICE, ...lengthOf(audio) }));
}

/**
 * What a file is to be sent as.
 * @param {Blob} blob
 * @returns {Promise<Measure>} never rejects
 */
export async function measure(blob) {
  const measures = [[PICTURES, measureImage], [/^video\//, measureFilm], [/^audio\//, measureSound]];
  const found = measures.find(([pattern]) => pattern.test(blob.type));
  if (!found) return { msg_type: FILE };
  try {
    return await found[1](blob);
  } catch {
    return { msg_type: FILE }; // damaged, or of a kind that this browser does not know
  }
}
