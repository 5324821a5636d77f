/** What a button does: once at a time, and what came of it is said. */

import { html, useEffect, useState } from '/vendor/preact.js';
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

/**
 * What is loaded for a view, anew whenever one of `dependencies` changes; what was there stays until then, and
 * the answer to an older question is dropped.
 * @template T
 * @param {() => Promise<T>} load
 * @param {any[]} dependencies
 * @returns {{data: T|null, error: Error|null}} error: of the last try
 */
export function useLoaded(load, dependencies) {
  const [state, setState] = useState({ data: null, error: null });
  useEffect(() => {
    let isOld = false;
    load().then(
      (data) => isOld || setState({ data, error: null }),
      (error) => isOld || setState((old) => ({ ...old, error })),
    );
    return () => { isOld = true; };
  }, dependencies);
  return state;
}

/** The error of an action, at its place; with `field`, only if that is what the server found fault with. */
export function ActionError({ error, field, id }) {
  if (!error || (field !== undefined && error.field !== field)) return null;
  return html`<p class="field-error" id=${id} role="alert">${errorText(error)}</p>`;
}

/**
 * Ask before something is done that one may regret. Title and button are the text `what`, the question
 * is the text `<what>_text`.
 * @param {string} what
 * @param {Record<string, string>} [values] for the question
 * @param {string} [text] another question
 * @returns {Promise<boolean>}
 */
export function isSure(what, values, text = `${what}_text`) {
  return confirm({ title: t(what), text: t(text, values), action: t(what), danger: true });
}
