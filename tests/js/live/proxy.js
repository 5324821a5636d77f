/** A line to the server that can be cut: TCP from a port of its own, and a random source with a seed. */
import net from 'node:net';

/** Random numbers that a seed brings again (mulberry32). @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] };
}

export class Proxy {
  #pairs = new Set();
  #server;
  #isCut = false;

  /** @param {string} target the origin behind it @returns {Promise<Proxy>} */
  static async open(target) {
    const proxy = new Proxy();
    const { hostname, port } = new URL(target);
    proxy.#server = net.createServer((near) => proxy.#join(near, net.connect(Number(port), hostname)));
    await new Promise((resolve) => { proxy.#server.listen(0, '127.0.0.1', resolve); });
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  #join(near, far) {
    const pair = { near, far, limit: Infinity };
    const end = () => {
      near.destroy();
      far.destroy();
      this.#pairs.delete(pair);
    };
    this.#pairs.add(pair);
    for (const side of [near, far]) side.on('error', end).on('close', end);
    if (this.#isCut) end();
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      near.write(bytes.subarray(0, pair.limit));
      pair.limit -= bytes.length;
      if (pair.limit <= 0) near.end(() => end());
    });
  }

  /** All connections end, now or (what the server says gets lost) after so many bytes of its. */
  cut(bytes = 0) {
    for (const pair of [...this.#pairs]) {
      pair.limit = bytes;
      if (bytes === 0) pair.near.destroy();
    }
  }

  /** From now on nobody comes through, until join(). */
  part() {
    this.#isCut = true;
    this.cut();
  }

  join() {
    this.#isCut = false;
  }

  close() {
    this.part();
    this.#server.close();
  }
}
