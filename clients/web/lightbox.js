/** A picture alone on the screen, with those before and after it in its conversation. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { nameOf, parley, useTopic } from '/client.js';
import { t } from '/texts.js';
import { full } from '/times.js';
import { IconButton, openDialog, Spinner } from '/ui.js';
import { Download } from '/media.js';
import { useFreshUrl } from '/player.js';

const IMAGE = 4; // msg_type

const isPicture = (message) => message.msg_type === IMAGE && !message.recalled_at
  && (message.blob_url || message.content.url?.startsWith('/api/files/'));

/** The pictures that are loaded around a message, in their order; and those that have no seq yet. */
function picturesAround(message) {
  const { conversation_id, seq } = message;
  const loaded = seq ? parley.span(conversation_id, seq)?.messages || [message] : [];
  const all = [...loaded, ...parley.pending(conversation_id)].filter(isPicture);
  return all.some((one) => one.message_id === message.message_id) ? all : [message];
}

/** Fetch older messages when the first picture is reached: more may come. */
function useOlder(message, at) {
  useEffect(() => {
    if (at > 0 || !message.seq) return;
    const span = parley.span(message.conversation_id, message.seq);
    if (span?.has_before) parley.loadBefore(message.conversation_id, span.messages[0].seq).catch(() => {});
  }, [message, at]);
}

function Lightbox({ message, close }) {
  useTopic(message.conversation_id, 'people');
  const [message_id, setMessageId] = useState(message.message_id);
  const pictures = picturesAround(message);
  const at = Math.max(0, pictures.findIndex((one) => one.message_id === message_id));
  const shown = pictures[at];
  useOlder(shown, at);

  const move = (by) => { if (pictures[at + by]) setMessageId(pictures[at + by].message_id); };
  const onKeyDown = (event) => {
    if (event.key === 'ArrowLeft') move(-1);
    else if (event.key === 'ArrowRight') move(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const name = shown.content.file_name || t('kind_image');
  const closeBeside = (event) => { if (event.target.classList.contains('lightbox-stage')) close(); };
  return html`
    <div class="lightbox" role="dialog" aria-modal="true" aria-label=${t('picture_title', { name })}
      onKeyDown=${onKeyDown} onClick=${closeBeside}>
      <header class="lightbox-bar">
        <${IconButton} icon="close" label=${t('close')} onClick=${() => close()} />
        <div class="lightbox-facts"><strong dir="auto">${nameOf(shown.from)}</strong>
          <span>${full(shown.timestamp)}</span></div>
        <span class="lightbox-count" role="status">
          ${t('picture_count', { at: at + 1, count: pictures.length })}</span>
        <${Download} url=${shown.blob_url || shown.content.url} name=${name} />
      </header>
      <div class="lightbox-stage">
        <${FullPicture} key=${shown.message_id} message=${shown} name=${name} /></div>
      ${at > 0 && html`<${Arrow} side="previous" onClick=${() => move(-1)} />`}
      ${at < pictures.length - 1 && html`<${Arrow} side="next" onClick=${() => move(1)} />`}
    </div>`;
}

function Arrow({ side, onClick }) {
  return html`<span class=${`lightbox-${side}`}><${IconButton} icon="back" label=${t(`picture_${side}`)}
    onClick=${onClick} /></span>`;
}

function FullPicture({ message, name }) {
  const { content, blob_url } = message;
  const { src, failed, onError } = useFreshUrl(blob_url, content.url);
  const [there, setThere] = useState(false);
  if (failed) return html`<p>${t('media_failed')}</p>`;
  return html`
    ${!there && html`<${Spinner} size=${40} />`}
    <img class="lightbox-picture" src=${src} alt=${name} width=${content.width} height=${content.height}
      onLoad=${() => setThere(true)} onError=${onError} />`;
}

/**
 * Show a picture of a conversation. The arrows go to the ones before and after it.
 * @param {object} message of kind 4
 */
export function openLightbox(message) {
  openDialog(Lightbox, { message });
}
