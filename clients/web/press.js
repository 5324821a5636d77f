/** A long press of a finger, where other devices have a right click. */
import { useEffect, useRef } from '/vendor/preact.js';

const LONG_PRESS = 500; // milliseconds, as phones have it

/**
 * Listeners for an element: `html\`<li ...${useLongPress(open)}>\``. iOS sends no contextmenu.
 * @param {(place: {x: number, y: number}) => void} open where the finger is, as openMenu() takes it
 */
export function useLongPress(open) {
  const timer = useRef(0);
  const opened = useRef(false);
  const stop = () => clearTimeout(timer.current);
  useEffect(() => stop, []);
  const start = (event) => {
    if (event.touches.length !== 1) return;
    const { clientX: x, clientY: y } = event.touches[0];
    stop();
    opened.current = false;
    timer.current = setTimeout(() => {
      opened.current = true;
      open({ x, y });
    }, LONG_PRESS);
  };
  const end = (event) => {
    stop();
    if (opened.current) event.preventDefault(); // or lifting the finger would be a click
  };
  return { onTouchStart: start, onTouchMove: stop, onTouchEnd: end, onTouchCancel: stop };
}
