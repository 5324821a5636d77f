/**
 * Files that wait in the composer until they are sent: chosen, pasted or dropped. They lie above the
 * text, which is their caption and goes before them.
 */
import { html, useEffect, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { Icon } from '/icons.js';
import { askBeforeLeaving } from '/leaving.js';
import { t } from '/texts.js';
import { IconButton, toast } from '/ui.js';
import { measure, PICTURES } from '/measure.js';
import { sizeText } from '/sizes.js';

const SIZE_MAX = 100 * 1024 * 1024; // as POST /api/files
const COUNT_MAX = 20; // at once: the server takes 500 an hour
const LINGER = 10000; // ms

/**
 * @typedef {{id: number, file: File, name: string, url: string | null}} Attachment url: of a preview
 */

/** @type {Map<string, Attachment[]>} by user and conversation: they stay when one looks at another */
const waiting = new Map();
let last_id = 0;

askBeforeLeaving(() => [...waiting].some(([key, list]) => (
  list.length > 0 && key.startsWith(`${parley.me?.user_id} `))));

function refusal(file, count) {
  if (file.size > SIZE_MAX) return t('attach_too_large', { name: file.name, size: sizeText(SIZE_MAX) });
  if (file.size === 0) return t('attach_empty', { name: file.name });
  return count >= COUNT_MAX ? t('attach_too_many', { count: COUNT_MAX }) : null;
}

/** A pasted picture is called "image.png" by all browsers, or nothing: say when it was made. */
function nameOf(file) {
  if (file.name && file.name !== 'image.png') return file.name;
  const extension = (file.type.split('/')[1] || 'bin').replace(/[^a-z0-9].*/, '');
  return `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.${extension}`;
}

function toAttachment(file) {
  const url = PICTURES.test(file.type) ? URL.createObjectURL(file) : null;
  return { id: ++last_id, file, name: nameOf(file), url };
}

/** Its picture may just be on its way into the tray: the address lives a little longer. */
function forget(attachment) {
  if (attachment.url) setTimeout(() => URL.revokeObjectURL(attachment.url), LINGER);
}

async function sendOne(conversation_id, { file, name }) {
  parley.sendFile(conversation_id, file, { ...await measure(file), file_name: name });
}

/**
 * The files that wait in a conversation's composer.
 * @param {string} conversation_id
 */
export function useAttachments(conversation_id) {
  const key = `${parley.me?.user_id} ${conversation_id}`;
  const [list, setList] = useState(waiting.get(key) || []);
  const set = (next) => {
    waiting.set(key, next);
    setList(next);
  };
  return {
    list,
    /** @param {File[]} files what is too large is refused in words, the others wait */
    add: (files) => {
      const next = [...(waiting.get(key) || [])];
      for (const file of files) {
        const why_not = refusal(file, next.length);
        if (why_not) toast(why_not, { kind: 'error' });
        else next.push(toAttachment(file));
      }
      set(next);
    },
    remove: (attachment) => {
      forget(attachment);
      set(list.filter((other) => other !== attachment));
    },
    /** Hand all over to the client, in their order. */
    send: async () => {
      set([]);
      for (const attachment of list) {
        await sendOne(conversation_id, attachment); // one after the other: measuring takes different times
        forget(attachment);
      }
    },
  };
}

/** The files that wait, each with a way to take it out again. */
export function Tray({ attachments }) {
  const { list, remove } = attachments;
  if (!list.length) return null;
  return html`
    <ul class="tray" aria-label=${t('attach_waiting')}>
      ${list.map((attachment) => html`
        <li key=${attachment.id} class="tray-item">
          ${attachment.url
    ? html`<img class="tray-picture" src=${attachment.url} alt="" />`
    : html`<span class="tray-picture"><${Icon} name=${iconOf(attachment.file)} /></span>`}
          <span class="tray-name" dir="auto" title=${attachment.name}>${attachment.name}</span>
          <span class="tray-size">${sizeText(attachment.file.size)}</span>
          <${IconButton} icon="close" size=${16} label=${t('attach_remove', { name: attachment.name })}
            onClick=${() => remove(attachment)} />
        </li>`)}
    </ul>`;
}

function iconOf(file) {
  if (file.type.startsWith('video/')) return 'film';
  return file.type.startsWith('audio/') ? 'voice' : 'file';
}

const hasFiles = (event) => event.dataTransfer?.types.includes('Files');

/**
 * Files dropped anywhere on the page go to the open conversation: a browser would leave the page for
 * one that misses a smaller target.
 * @param {{on_files: (files: File[]) => void}} props
 */
export function DropZone({ on_files }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onOver = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event) => { if (!event.relatedTarget) setOver(false); };
    const onDrop = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      on_files([...event.dataTransfer.files]);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [on_files]);
  return over && html`
    <div class="drop-zone"><${Icon} name="clip" size=${40} /><p>${t('attach_drop')}</p></div>`;
}
