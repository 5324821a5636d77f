/** Addresses of what is being uploaded, for a page to show it before the server has it. */

/** So many live at a time; the oldest is given up for a new one. */
const PREVIEWS_MAX = 50;

export class Previews {
  /** @type {string[]} */
  #urls = [];

  /** @param {Blob | undefined} blob @returns {string | undefined} nothing outside of pages */
  add(blob) {
    if (!blob || typeof document === 'undefined') return undefined;
    const url = URL.createObjectURL(blob);
    this.#urls.push(url);
    if (this.#urls.length > PREVIEWS_MAX) URL.revokeObjectURL(/** @type {string} */ (this.#urls.shift()));
    return url;
  }
}
