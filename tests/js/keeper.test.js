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
  assert.deepEqual(faults, ['the disk is full']);
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
