/** What a button does: once at a time, and what came of it is said. */

import { html, useState } from '/vendor/preact.js';
import { errorText, t } from '/texts.js';
import { confirm, toast } from '/ui.js';

/**
 * An action of a view. `run(fn, said)` calls fn unless one is under way; when it is done, `said` is shown for
 * a moment, when it fails, `error` is the ParleyError until the next try. run() tells whether it went well.
 * @returns {{busy: boolean, error: Error|null,
 *   run: (fn: () => Promise<any>, said?: string) => Promise<boolean>}}
 */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const run = async (fn, said) => {
    if (busy) return false;
    setBusy(true);
    setError(null);
    try {
      await fn();
      if (said) toast(said);
      return true;
    } catch (failure) {
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

/** The error of an action, at its place; with `field`, only if that is what the server found fault with. */
export function ActionError({ error, field, id }) {
  if (!error || (field !== undefined && error.field !== field)) return null;
  return html`<p class="field-error" id=${id} role="alert">${errorText(error)}</p>`;
}

/**
 * Ask before something is done that one may regret. The button and the title are the text `what`, the question
 * is the text `<what>_text`.
 * @param {string} what
 * @param {Record<string, string>} [values] for the question
 * @param {string} [text] another question
 * @returns {Promise<boolean>}
 */
export function isSure(what, values, text = `${what}_text`) {
  return confirm({ title: t(what), text: t(text, values), action: t(what), danger: true });
}
