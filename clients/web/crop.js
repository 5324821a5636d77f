/** Cutting a square out of a picture: the dialog in which one chooses a new avatar. */

import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { t } from '/texts.js';
import { Button, Dialog, toast } from '/ui.js';

const SIDE = 512; // pixels of the result: sharp at the largest size that the page shows, and small
const SHOWN = 288; // CSS pixels of the square that one sees
const ZOOM_MAX = 4; // times what just fills the square
const STEP = 8; // CSS pixels that an arrow key moves the picture by

/** Keep the picture over the whole square. */
function bounded({ x, y, zoom }, image) {
  const scale = (SHOWN / Math.min(image.width, image.height)) * zoom;
  const roomX = (image.width * scale - SHOWN) / 2;
  const roomY = (image.height * scale - SHOWN) / 2;
  return { zoom, x: Math.max(-roomX, Math.min(roomX, x)), y: Math.max(-roomY, Math.min(roomY, y)) };
}

/** Draw the part that the view shows onto a square canvas of any size. */
function draw(canvas, image, { x, y, zoom }) {
  const context = canvas.getContext('2d');
  const unit = canvas.width / SHOWN;
  const scale = (canvas.width / Math.min(image.width, image.height)) * zoom;
  const width = image.width * scale;
  const height = image.height * scale;
  context.fillStyle = '#fff'; // what is see-through would be black in a JPEG
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, (canvas.width - width) / 2 + x * unit, (canvas.height - height) / 2 + y * unit,
    width, height);
}

/** The square as a JPEG. */
function cut(image, view) {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  draw(canvas, image, view);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', 0.9);
  });
}

/** Decode what was chosen; closes the dialog with a word when it is no picture. */
function useImage(file, close) {
  const [image, setImage] = useState(null);
  useEffect(() => {
    let bitmap = null;
    let gone = false;
    createImageBitmap(file).then((decoded) => {
      if (gone) return decoded.close();
      bitmap = decoded;
      return setImage(decoded);
    }, () => {
      toast(t('avatar_no_picture'), { kind: 'error' });
      close();
    });
    return () => {
      gone = true;
      bitmap?.close();
    };
  }, [file]);
  return image;
}

const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/**
 * The dialog: drag or use the arrow keys to move the picture, the slider to make it larger.
 * @param {{file: Blob, onDone: (blob: Blob) => Promise<void>, close: () => void}} props onDone gets a JPEG of
 *   512 × 512; the dialog waits for it, and closes
 */
export function CropDialog({ file, onDone, close }) {
  const image = useImage(file, close);
  const [view, setView] = useState({ x: 0, y: 0, zoom: 1 });
  const [busy, setBusy] = useState(false);
  const canvas = useRef(null);
  const drag = useRef(null);
  useEffect(() => {
    if (image && canvas.current) draw(canvas.current, image, view);
  }, [image, view]);
  const move = (dx, dy) => setView((old) => bounded({ ...old, x: old.x + dx, y: old.y + dy }, image));
  const onPointerMove = (event) => {
    if (!drag.current) return;
    move(event.clientX - drag.current.x, event.clientY - drag.current.y);
    drag.current = { x: event.clientX, y: event.clientY };
  };
  const onPointerDown = (event) => {
    canvas.current.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY };
  };
  const onKeyDown = (event) => {
    if (!MOVES[event.key]) return;
    event.preventDefault();
    move(...MOVES[event.key]);
  };
  const onZoom = (event) => setView((old) => bounded({ ...old, zoom: Number(event.target.value) }, image));
  const done = async () => {
    setBusy(true);
    try {
      await onDone(await cut(image, view));
      close();
    } finally {
      setBusy(false);
    }
  };
  const actions = html`<${Button} onClick=${() => close()}>${t('cancel')}<//>
    <${Button} kind="primary" disabled=${!image} busy=${busy} onClick=${done}>${t('avatar_use')}<//>`;
  return html`<${Dialog} title=${t('avatar_cut')} close=${close} actions=${actions}>
    <div class="crop">
      <canvas ref=${canvas} class="crop-canvas" width=${SIDE} height=${SIDE} tabindex="0" autofocus role="img"
        aria-label=${t('avatar_move')} onPointerDown=${image && onPointerDown} onPointerMove=${onPointerMove}
        onPointerUp=${() => { drag.current = null; }} onPointerCancel=${() => { drag.current = null; }}
        onKeyDown=${image && onKeyDown} />
      <label class="crop-zoom">${t('avatar_zoom')}
        <input type="range" min="1" max=${ZOOM_MAX} step="0.05" value=${view.zoom} disabled=${!image}
          onInput=${onZoom} />
      </label>
      <p class="hint">${t('avatar_hint')}</p>
    </div>
  <//>`;
}
