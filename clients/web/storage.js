/**
 * The page's storage for Parley (clients/js/keeper.js says what it is asked): IndexedDB, shared by all tabs.
 */

const NAME = 'parley';
const STORE = 'entries';

let opened = null; // a promise of the database; tried again after a failure

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(watch(request.result));
    request.onerror = () => reject(request.error);
  }).catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

// The browser may close it (its files were cleared): the next use opens it anew.
function watch(database) {
  database.onclose = () => {
    opened = null;
  };
  return database;
}

// All or none: resolved when the transaction is on the disk as far as the browser promises it.
async function transact(mode, work) {
  const transaction = (await open()).transaction(STORE, mode);
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  let result;
  try {
    result = work(transaction.objectStore(STORE));
    transaction.commit(); // now, not when the answers have come: the page may be gone by then
  } catch (error) {
    transaction.abort(); // what cannot be cloned
    await done.catch(() => {});
    throw error;
  }
  await done;
  return result;
}

/** Keep nothing but who one is and what is to be sent: all else comes anew with the next load. */
export async function forgetChats() {
  const keys = Object.keys(await storage.load()).filter((key) => key === 'cursor' || key.startsWith('c/'));
  await storage.write(Object.fromEntries(keys.map((key) => [key, null])));
}

/** @type {import('/js/keeper.js').Storage} */
export const storage = {
  lock: 'parley',
  isOrdered: true, // transactions on one store are

  async load() {
    const [keys, values] = await transact('readonly', (store) => [store.getAllKeys(), store.getAll()]);
    return Object.fromEntries(keys.result.map((key, index) => [key, values.result[index]]));
  },

  async write(entries) {
    await transact('readwrite', (store) => {
      for (const [key, value] of Object.entries(entries)) {
        if (value === null) store.delete(key);
        else store.put(value, key);
      }
    });
  },

  async clear() {
    await transact('readwrite', (store) => store.clear());
  },
};
