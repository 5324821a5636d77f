/** The server's figures of the last minutes: asked for while somebody looks, kept while the page is open. */
import { useEffect, useReducer } from '/vendor/preact.js';
import { parley } from '/client.js';

const EVERY = 5000; // milliseconds
const SAMPLES = 120; // ten minutes

/**
 * What GET /v1/admin/overview said, and when. `latest` is its last answer; `error` the ParleyError of a later try, or
 * null; `samples` are the answers of the last ten minutes, oldest first.
 */
export class Figures {
  constructor() {
    this.latest = null;
    this.error = null;
    this.samples = [];
  }

  /** Ask now. @returns {Promise<object>} the answer; rejects with a ParleyError */
  async load() {
    try {
      this.latest = await parley.request('GET', '/v1/admin/overview');
      this.samples = [...this.samples.slice(1 - SAMPLES), this.latest];
      this.error = null;
      return this.latest;
    } catch (error) {
      this.error = error;
      throw error;
    }
  }
}

/**
 * Draw again with each answer, which is asked for every five seconds while the page is visible.
 * @param {Figures} figures
 */
export function useFigures(figures) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const ask = async () => {
      clearTimeout(timer);
      if (document.visibilityState === 'visible') {
        await figures.load().catch(() => {}); // figures.error says so, and the next try comes
        if (gone) return;
        redraw();
      }
      timer = setTimeout(ask, EVERY);
    };
    ask();
    document.addEventListener('visibilitychange', ask);
    return () => {
      gone = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, [figures]);
}
