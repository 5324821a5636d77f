/** What storage gets, and two tabs that share it. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { conversation, FakeServer, ID, message, settle } from './fakes.js';

const started = [];

afterEach(() => Promise.all(started.splice(0).map((parley) => parley.stop())));

/** Web Locks of one name, and tabs that can be closed. */
function fakeLocks() {
  const waiting = [];
  let isHeld = false;
  const next = () => {
    isHeld = waiting.length > 0;
    waiting.shift()?.();
  };
  Object.defineProperty(navigator, 'locks', {
    configurable: true,
    value: {
      request: async (_name, hold) => {
        await new Promise((resolve) => { waiting.push(resolve); if (!isHeld) next(); });
        return hold();
      },
    },
  });
  return { closeHolder: next };
}

function memory(more = {}) {
  const entries = new Map();
  const writes = [];
  return {
    entries, writes, ...more,
    load: async () => Object.fromEntries(structuredClone([...entries])),
    write: async (changes) => {
      writes.push(Object.keys(changes));
      for (const [key, value] of Object.entries(structuredClone(changes))) {
        if (value === null) entries.delete(key);
        else entries.set(key, value);
      }
    },
    clear: async () => entries.clear(),
  };
}

async function start(server, storage, tab = {}) {
  const parley = await server.connect({ storage, ...tab });
  started.push(parley);
  parley.start();
  await settle();
  return parley;
}

test('what one says is in storage before its ack, and gone after it', async () => {
  const server = new FakeServer();
  const storage = memory();
  const parley = await start(server, storage);
  const { message_id } = parley.send(ID, { text: 'hello' });
  await settle();
  assert.equal(storage.entries.get(`o/${message_id}`).frame.content.text, 'hello');
  server.socket.say({ type: 30, message_id, code: 0, message: 'success', conversation_id: ID, seq: 1, timestamp: 1 });
  await settle();
  assert.ok(!storage.entries.has(`o/${message_id}`));
});

test('what one says does not wait for a write under way, where storage keeps the order itself', async () => {
  for (const isOrdered of [true, false]) {
    const server = new FakeServer();
    const storage = memory({ isOrdered });
    const parley = await start(server, storage);
    const { write } = storage;
    const go = Promise.withResolvers();
    storage.write = async (changes) => { await write(changes); await go.promise; };
    parley.send(ID, { text: 'first' });
    await settle();
    storage.writes.length = 0;
    const ids = ['second', 'third'].map((text) => parley.send(ID, { text }).message_id);
    await settle();
    assert.deepEqual(storage.writes, isOrdered ? [ids.map((id) => `o/${id}`)] : []);
    go.resolve();
    await settle();
    assert.deepEqual(ids.filter((id) => !storage.entries.has(`o/${id}`)), []);
  }
});

test('whoever logs in sends what he had not sent, and nothing of somebody else', async () => {
  for (const [user_id, sent] of [['user_me', ['kept']], ['user_other', []]]) {
    const server = new FakeServer();
    const storage = memory();
    const frame = { type: 1, to: 'user_ben', message_id: 'kept', msg_type: 0, content: { text: 'kept' } };
    storage.entries.set('session', { me: { user_id } });
    storage.entries.set('o/kept', { message_id: 'kept', conversation_id: ID, order: 1, frame });
    await start(server, storage);
    assert.deepEqual(server.sent(1).map(({ content }) => content.text), sent);
    assert.equal(storage.entries.has('o/kept'), sent.length > 0);
  }
});

test('the cursor is never newer than the conversations beside it', async () => {
  const server = new FakeServer();
  server.pages = [{ conversations: [conversation(2)] }];
  const storage = memory();
  const parley = await start(server, storage);
  await parley.stop();
  assert.deepEqual(storage.writes.find((keys) => keys.includes('cursor')).sort(), [`c/${ID}`, 'cursor'].sort());
  assert.equal(storage.entries.get(`c/${ID}`).messages.length, 2);
});

test('a storage that refuses is told of, and nothing else stops', async () => {
  const server = new FakeServer();
  const faults = [];
  const storage = { ...memory(), write: async () => { throw new Error('the disk is full'); } };
  const parley = await start(server, storage);
  parley.on('fault', ({ message: text }) => faults.push(text));
  parley.send(ID, { text: 'hello' });
  await settle();
  assert.deepEqual([...new Set(faults)], ['the disk is full']);
  assert.equal(server.sent(1).length, 1);
});

test('of two tabs one keeps the model; when it goes, the other does, and sends what was left', async () => {
  const locks = fakeLocks();
  const storage = memory({ lock: 'parley' });
  const [near, far] = [new FakeServer(), new FakeServer()];
  near.pages = [{ conversations: [conversation(2)] }];
  far.pages = [{ conversations: [conversation(2)] }];
  const first = await start(near, storage);
  await first.stop();
  const second = await start(far, storage);
  storage.writes.length = 0;
  far.socket.say(message(3));
  await second.stop();
  assert.deepEqual(storage.writes, [], 'the other tab keeps it');

  await second.start();
  const kept = { message_id: 'left_by_the_first', conversation_id: ID, order: 1,
    frame: { type: 1, to: 'user_ben', message_id: 'left_by_the_first', msg_type: 0, content: { text: 'left' } } };
  storage.entries.set('session', { me: { user_id: 'user_me' } });
  storage.entries.set('o/left_by_the_first', kept);
  locks.closeHolder();
  await settle();
  assert.deepEqual(far.sent(1).map(({ content }) => content.text), ['left']);
  await second.stop();
  assert.equal(storage.entries.get(`c/${ID}`).data.last_seq, 3);
  delete navigator.locks;
});

test('after a write that failed the next one has all that is missing, and a file for which there is no room stops no text',
  async () => {
    const server = new FakeServer();
    server.pages = [{ conversations: [conversation(2)] }];
    const storage = memory();
    const { write } = storage;
    let isFull = true;
    storage.write = (entries) => {
      const isLarge = Object.values(entries).some((entry) => entry?.file);
      return isLarge || (isFull && 'cursor' in entries) ? Promise.reject(new Error('QuotaExceededError')) : write(entries);
    };
    const parley = await start(server, storage);
    parley.sendFile(ID, new Blob(['large']), { file_name: 'film' });
    parley.send(ID, { text: 'hello' });
    await parley.stop();
    const outbox = [...storage.entries].filter(([key]) => key.startsWith('o/'));
    assert.deepEqual(outbox.map(([, { frame }]) => frame.content.text), ['hello']);
    isFull = false;
    await parley.start();
    await parley.stop();
    assert.deepEqual([storage.entries.get('cursor'), storage.entries.get(`c/${ID}`)?.messages.length], ['sync_2', 2]);
  });

test('a storage that holds what is not ours is begun anew; what is to be sent is sent', async () => {
  const server = new FakeServer();
  const storage = memory();
  await (await server.connect({ storage })).stop();
  const left = { message_id: 'left', conversation_id: ID, order: 1,
    frame: { type: 1, to: 'user_ben', message_id: 'left', msg_type: 0, content: { text: 'left' } } };
  for (const [key, value] of [[`c/${ID}`, { me: 'user_me', messages: 7 }], ['c/odd', 3], ['cursor', 'sync_old'], ['o/odd', 4],
    ['o/other', { message_id: 'other' }], ['o/left', left]]) storage.entries.set(key, value);
  server.pages = [{ conversations: [conversation(2)] }];
  server.asked = [];
  const parley = await server.connect({ storage }, (one) => one.resume());
  started.push(parley);
  parley.start();
  await settle();
  assert.ok(server.asked.includes('GET /api/sync?limit=30'), server.asked.join());
  assert.deepEqual([parley.state, server.sent(1).map(({ content }) => content.text)], ['live', ['left']]);
});

test('conversations that somebody else left are nobody\'s to see', async () => {
  const server = new FakeServer();
  const storage = memory();
  await (await server.connect({ storage })).stop();
  const { conversations: _, ...data } = conversation(2);
  storage.entries.set(`c/${ID}`, { me: 'user_other', data, wanted: {}, toldRead: 0, isKnown: true, messages: [message(1)] });
  storage.entries.set('cursor', 'sync_of_the_other');
  const parley = await server.connect({ storage }, (one) => one.resume());
  assert.deepEqual(parley.list(), []);
  server.asked = [];
  started.push(parley);
  parley.start();
  await settle();
  assert.ok(server.asked.includes('GET /api/sync?limit=30'), server.asked.join());
});

test('where there are no Web Locks the outbox is kept, and the rest is asked for anew', async () => {
  Object.defineProperty(globalThis.navigator ?? (globalThis.navigator = {}), 'locks', { configurable: true, value: undefined });
  const server = new FakeServer();
  server.pages = [{ conversations: [conversation(2)] }];
  const storage = memory({ lock: 'parley' });
  const parley = await start(server, storage);
  parley.send(ID, { text: 'hello' });
  await parley.stop();
  assert.deepEqual([...storage.entries.keys()].map((key) => key.split('/')[0]).sort(), ['o', 'session']);
});

test('all that one says at once is kept by one write', async () => {
  const server = new FakeServer();
  const storage = memory();
  const parley = await start(server, storage);
  storage.writes.length = 0;
  for (let n = 0; n < 100; n++) parley.send(ID, { text: `${n}` });
  await settle();
  assert.equal(storage.writes.filter((keys) => keys.some((key) => key.startsWith('o/'))).length, 1);
});

test('an exchange of the token that had no answer is asked for again before one is live, not when the token is old', async () => {
  const server = new FakeServer();
  const storage = memory();
  await (await server.connect({ storage })).stop();
  server.answers['/api/refresh'] = () => { throw new TypeError('fetch failed'); };
  const parley = await server.connect({ storage }, (one) => one.resume());
  started.push(parley);
  delete server.answers['/api/refresh'];
  parley.start();
  await settle();
  assert.equal(parley.state, 'live');
  const exchanges = () => server.asked.filter((line) => line === 'POST /api/refresh').length;
  assert.equal(exchanges(), 2);
  await parley.poke();
  assert.equal(exchanges(), 2);
});
