/** Asking before the page is closed or loaded anew: what only the page holds would be gone. */

/**
 * Let the browser ask, while isHolding() says so.
 * @param {() => boolean} isHolding
 * @returns {() => void} ends it
 */
export function askBeforeLeaving(isHolding) {
  const ask = (event) => {
    if (isHolding()) event.preventDefault();
  };
  window.addEventListener('beforeunload', ask);
  return () => window.removeEventListener('beforeunload', ask);
}
