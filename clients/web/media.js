/** What a message of kind 4 to 7 shows: a picture, a voice, a film, or a file. */
import { html, useRef } from '/vendor/preact.js';
import { parley } from '/client.js';
import { Icon } from '/icons.js';
import { t } from '/texts.js';
import { duration } from '/times.js';
import { IconButton } from '/ui.js';
import { openLightbox } from '/lightbox.js';
import { AudioPlayer, playAlone, useFreshUrl } from '/player.js';
import { sizeText } from '/sizes.js';

const BOX = 320; // px: as large as the server's thumbnails
const SMALLEST = 96; // px: room for the buttons upon it
const KINDS = { 4: Picture, 5: Voice, 6: Film, 7: FileCard };

/** The server's address of a file. Only our own are shown: another origin would learn who reads. */
function urlOf({ content }) {
  return content.url?.startsWith('/api/files/') ? content.url : undefined;
}

/** The box that a picture takes before it is there, so that nothing moves when it comes. */
function boxOf({ width, height }) {
  if (!width || !height) return { width: `${BOX}px`, aspectRatio: '4 / 3' };
  const scale = Math.min(1, BOX / width, BOX / height);
  const shown = Math.max(SMALLEST, Math.round(width * scale));
  const aspectRatio = `${Math.max(width, SMALLEST)} / ${Math.max(height, SMALLEST / 2)}`;
  return { width: `${shown}px`, aspectRatio };
}

/** On its way: how far, and a way to stop it. */
function Progress({ message }) {
  if (message.state !== 'sending' && message.state !== 'queued') return null;
  const percent = Math.round((message.progress ?? 0) * 100);
  return html`
    <div class="upload">
      <div class="upload-bar" role="progressbar" aria-label=${t('upload_progress')} aria-valuenow=${percent}
        aria-valuemin="0" aria-valuemax="100"><i style=${{ width: `${percent}%` }}></i></div>
      <${IconButton} icon="close" size=${18} label=${t('upload_cancel')}
        onClick=${() => parley.discard(message)} />
    </div>`;
}

function Picture({ message }) {
  const { content, blob_url } = message;
  const name = content.file_name || t('kind_image');
  const url = urlOf(message);
  const is_moving = content.mime_type === 'image/gif'; // and a thumbnail stands still
  const small = is_moving ? url : url && `${url}/thumbnail`;
  const { src, failed, onError } = useFreshUrl(blob_url, small);
  if (failed) return html`<${FileCard} message=${message} />`;
  return html`
    <button type="button" class="picture" style=${boxOf(content)} aria-label=${t('picture_open', { name })}
      onClick=${() => openLightbox(message)}>
      <img src=${src} alt="" decoding="async" draggable=${false} onError=${onError} />
    </button>`;
}

function Voice({ message }) {
  const { content, blob_url } = message;
  return html`<${AudioPlayer} urls=${[blob_url, urlOf(message)]} length=${content.duration} />`;
}

function Film({ message }) {
  const video = useRef(null);
  const { content, blob_url } = message;
  const url = urlOf(message);
  const { src, failed, onError } = useFreshUrl(blob_url, url);
  if (failed) return html`<${FileCard} message=${message} />`;
  return html`
    <video class="film" ref=${video} src=${src} controls playsinline preload="metadata"
      style=${boxOf(content)} poster=${url && `${url}/thumbnail`} aria-label=${content.file_name || t('kind_video')}
      onError=${onError} onPlay=${() => playAlone(video.current)}></video>`;
}

function FileCard({ message }) {
  const { content } = message;
  const url = message.blob_url || urlOf(message);
  const name = content.file_name || t('kind_file');
  const facts = [content.file_size !== undefined && sizeText(content.file_size), extensionOf(name),
    content.duration && duration(content.duration)].filter(Boolean).join(' · ');
  return html`
    <div class="file-card">
      <span class="file-icon" aria-hidden="true"><${Icon} name="file" /></span>
      <span class="file-facts"><strong dir="auto" title=${name}>${name}</strong><span>${facts}</span></span>
      <${Download} url=${url} name=${name} />
    </div>`;
}

/** @param {{url?: string, name: string}} props url: nothing is shown without one */
export function Download({ url, name }) {
  const label = t('file_download', { name });
  return url && html`<a class="icon-button" href=${url} download=${name} aria-label=${label} title=${label}>
    <${Icon} name="download" /></a>`;
}

function extensionOf(name) {
  const extension = name.includes('.') ? name.split('.').pop() : '';
  return extension.length <= 8 ? extension.toUpperCase() : '';
}

/**
 * The content of a message of kind 4 to 7, with its progress while it is sent.
 * @param {{message: object}} props
 */
export function FileContent({ message }) {
  const Kind = KINDS[message.msg_type] || FileCard;
  return html`
    <div class="file-content"><${Kind} message=${message} /><${Progress} message=${message} /></div>`;
}
