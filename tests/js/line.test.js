/** The live side against a server of a few lines: time, gaps, close codes, what is sent again. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { BEN, conversation, FakeServer, ID, message, ME, settle } from './fakes.js';

let server;
let parley;

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse('2026-11-21T12:00:00Z') });
  server = new FakeServer();
  server.pages = [{ conversations: [conversation(2)] }];
  parley = await server.connect();
  parley.start();
  await settle();
});

afterEach(() => {
  parley.stop();
  mock.timers.reset();
});

/** Time goes by, and all that becomes due in it happens. */
async function pass(ms, step = 500) {
  for (let rest = ms; rest > 0; rest -= step) {
    mock.timers.tick(Math.min(step, rest));
    await settle();
  }
}

const seqs = () => parley.span(ID).messages.map(({ seq }) => seq);
const sends = (text) => server.sent(1).filter(({ content }) => content.text === text);
const ackOf = ({ message_id }, more) =>
  ({ type: 30, message_id, code: 0, message: 'success', conversation_id: ID, timestamp: 1, ...more });

test('connects with its token, catches up, and is live', () => {
  assert.deepEqual([parley.state, seqs()], ['live', [1, 2]]);
  assert.deepEqual(server.socket.protocols, ['bearer', 'token']);
});

test('a message without an ack is sent again after 5 s, unchanged, and no more after its ack', async () => {
  parley.send(ID, { text: 'hello' });
  await pass(4500);
  assert.equal(sends('hello').length, 1);
  await pass(2000);
  const [first, again] = sends('hello');
  assert.deepEqual(again, first);
  server.socket.say(ackOf(first, { seq: 3 }), ackOf(first, { seq: 3 }));
  await pass(20_000);
  assert.deepEqual([sends('hello').length, seqs(), parley.pending(ID)], [2, [1, 2, 3], []]);
});

test('after a reconnect all that has no ack is sent again, in its order', async () => {
  for (const text of ['a', 'b', 'c']) parley.send(ID, { text });
  server.socket.say(ackOf(sends('b')[0], { seq: 4 })); // behind a gap: a's ack is lost
  server.socket.end(1006);
  assert.deepEqual(parley.pending(ID).map(({ state }) => state), ['queued', 'sent', 'queued']);
  server.got = [];
  await pass(2000);
  assert.deepEqual(server.sent(1).map(({ content }) => content.text), ['a', 'c']);
});

test('a refusal that is none for ever is tried again after a pause; one for ever is not', async () => {
  parley.send(ID, { text: 'later' });
  parley.send(ID, { text: 'never' });
  const refusal = (text, code) => ackOf(sends(text)[0], { code, message: 'no', seq: undefined });
  server.socket.say(refusal('later', 42901), refusal('never', 40302));
  assert.deepEqual(parley.pending(ID).map(({ state, error }) => [state, error?.code]),
    [['queued', undefined], ['failed', 40302]]);
  await pass(3000);
  assert.deepEqual([sends('later').length, sends('never').length], [2, 1]);
});

test('a gap that closes by itself is not asked about, one that stays for a second is', async () => {
  server.socket.say(message(4), message(3));
  await pass(1500);
  assert.deepEqual([server.syncs, seqs()], [1, [1, 2, 3, 4]]);
  server.pages = [{ conversations: [conversation(6, { after_seq: 4, messages: [message(5), message(6)] })] }];
  server.socket.say(message(6));
  assert.deepEqual(seqs(), [1, 2, 3, 4]);
  await pass(500);
  assert.equal(server.syncs, 1);
  await pass(1000);
  assert.deepEqual([server.syncs, seqs()], [2, [1, 2, 3, 4, 5, 6]]);
});

test('a gap that an answer leaves open is asked about again', async () => {
  server.socket.say(message(4));
  await pass(1500);
  assert.deepEqual([server.syncs, seqs()], [2, [1, 2]]);
  server.pages = [{ conversations: [conversation(4, { after_seq: 2, messages: [message(3), message(4)] })] }];
  await pass(1500);
  assert.deepEqual([server.syncs, seqs()], [3, [1, 2, 3, 4]]);
});

test('when all that is loaded has vanished, the server is asked what the last message is now', async () => {
  const given = { last_seq: 9, limited: true, from_seq: 8, messages: [message(8), message(9)], last_message: message(9) };
  server.pages = [{ conversations: [conversation(0, given)] }];
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await settle();
  const vanished = { event: 'message.expired', conversation_id: ID, message_ids: ['message-9'] };
  server.socket.say({ type: 3, content: vanished, timestamp: 1 });
  await settle();
  assert.deepEqual([server.syncs, parley.conversations.get(ID).last_message.seq], [2, 8]);
  server.pages = [{ conversations: [conversation(0, { last_seq: 9, after_seq: 9, last_message: message(2) })] }];
  server.socket.say({ type: 3, content: { ...vanished, message_ids: ['message-8'] }, timestamp: 1 });
  await settle();
  assert.deepEqual([server.syncs, parley.conversations.get(ID).last_message.seq], [3, 2]);
});

test('a pin of a message that the server does not show to one goes when it is asked for', async () => {
  const pin = { type: 37, conversation_id: ID, from: BEN, timestamp: 1 };
  server.pages = [{ conversations: [conversation(0, { last_seq: 9, limited: true, from_seq: 9, messages: [message(9)] })] }];
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await settle();
  server.socket.say({ ...pin, message_id: 'message-5', seq: 5, change_seq: 1 });
  server.socket.say({ ...pin, message_id: 'message-9', seq: 9, change_seq: 2 });
  assert.deepEqual(parley.conversations.get(ID).pinned_ids, ['message-5', 'message-9']);
  await assert.rejects(parley.loadMessage(ID, 'message-5'), { code: 40401 });
  assert.deepEqual(parley.conversations.get(ID).pinned_ids, ['message-9']);
});

test('frames that come while an answer is on its way are handled after it', async () => {
  let give;
  server.answers['/api/sync'] = () => new Promise((resolve) => { give = resolve; });
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await settle();
  const edit = { type: 34, conversation_id: ID, message_id: 'message-2', seq: 2, from: ME, timestamp: 9 };
  server.socket.say({ ...edit, change_seq: 2, content: { text: 'second' } }, message(3));
  assert.deepEqual(seqs(), [1, 2]);
  const older = message(2, { change_seq: 1, content: { text: 'first' } });
  const given = conversation(2, { after_seq: 2, messages: [], changes: [older], change_seq: 1 });
  give([200, { code: 0, data: { cursor: 'sync_9', has_more: false, conversations: [given] } }]);
  await settle();
  assert.deepEqual([seqs(), parley.span(ID).messages[1].content.text], [[1, 2, 3], 'second']);
});

test('why a session ended is heard while an answer is on its way, too', async () => {
  server.answers['/api/sync'] = () => new Promise(() => {});
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await settle();
  server.socket.say({ type: 3, content: { event: 'session.ended', reason: 'password' }, timestamp: 1 });
  server.socket.end(1008);
  assert.deepEqual([parley.state, parley.endedReason], ['ended', 'password']);
});

test('a resync is caught up at once, and what has no ack is sent again', async () => {
  parley.send(ID, { text: 'hello' });
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await settle();
  assert.deepEqual([server.syncs, sends('hello').length], [2, 2]);
});

test('a resync that comes while one is caught up with is caught up once more', async () => {
  let give;
  const asks = () => new Promise((resolve) => { give = resolve; });
  server.answers['/api/sync'] = asks;
  const resync = { type: 3, content: { event: 'resync' }, timestamp: 1 };
  server.socket.say(resync);
  await settle();
  server.socket.say(resync);
  server.asked = [];
  give([200, { code: 0, data: { cursor: 'sync_9', has_more: false, conversations: [] } }]);
  await settle();
  assert.equal(server.asked.length, 1);
});

test('an answer that an older connection asked for is not taken', async () => {
  const give = [];
  server.answers['/api/sync'] = () => new Promise((resolve) => { give.push(resolve); });
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await settle();
  server.socket.end(1006);
  await pass(2000);
  server.asked = [];
  const given = conversation(3, { after_seq: 2, messages: [message(3)] });
  give[0]([200, { code: 0, data: { cursor: 'sync_8', has_more: false, conversations: [given] } }]);
  await settle();
  assert.deepEqual([server.asked, seqs()], [['GET /api/sync?cursor=sync_1&limit=100'], [1, 2]]);
});

test('a long queue goes out bit by bit', async () => {
  for (let n = 0; n < 100; n++) parley.send(ID, { text: `${n}` });
  const first = server.sent(1);
  assert.equal(first.length, 32);
  server.socket.say(ackOf(first[0], { seq: 3 }));
  assert.equal(server.sent(1).length, 33);
});

test('sync asks on while there is more, and once more when its answer was lost', async () => {
  let lost = 1;
  const pages = [{ has_more: true }, { has_more: true }, { has_more: false }];
  server.answers['/api/sync'] = () => {
    if (lost-- > 0) throw new TypeError('fetch failed');
    return [200, { code: 0, data: { cursor: `sync_next_${pages.length}`, conversations: [], ...pages.shift() } }];
  };
  server.asked = [];
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await pass(1500);
  assert.deepEqual(server.asked.map((line) => line.match(/cursor=(\w+)/)[1]),
    ['sync_1', 'sync_1', 'sync_next_3', 'sync_next_2']);
});

test('who is online for long syncs now and then', async () => {
  for (let seq = 3; seq <= 504; seq++) server.socket.say(message(seq));
  await settle();
  assert.deepEqual([server.syncs, seqs().length], [2, 504]);
});

test('of many messages only the last is told as delivered, and nothing of what is read', async () => {
  server.socket.say(message(3), message(4), message(5));
  await pass(500);
  assert.deepEqual(server.sent(30).map(({ seq }) => seq), [5]);
  parley.read(ID, 5);
  server.socket.end(1006);
  server.got = [];
  await pass(2000);
  assert.deepEqual([server.sent(30), server.sent(31).map(({ seq }) => seq)], [[], [5]]);
});

test('a heartbeat goes every 25 s, and a socket that is silent for 60 s is dead', async () => {
  await pass(26_000);
  assert.equal(server.sent(99).length, 1);
  server.socket.say({ type: 100, content: {}, timestamp: 1 });
  await pass(50_000);
  assert.equal(server.sockets.length, 1);
  await pass(40_000);
  assert.equal(server.sockets.length, 2);
});

test('a page whose timers were held up asks before it takes its socket for dead', async () => {
  mock.timers.setTime(Date.now() + 90_000);
  mock.timers.tick(1);
  assert.ok(server.sent(99).length > 0);
  server.socket.say({ type: 100, content: {}, timestamp: 1 });
  await pass(10_000);
  assert.equal(server.sockets.length, 1);
});

test('a page of history that was asked for before a limited sync is not put in after it', async () => {
  let give;
  server.answers[`/api/messages/private/${BEN}`] = () => new Promise((resolve) => { give = resolve; });
  server.socket.say(message(4)); // so that 3 is a gap, and sync is asked
  const given = conversation(9, { limited: true, after_seq: 2, from_seq: 9, messages: [message(9)] });
  server.pages = [{ conversations: [given] }];
  const asked = parley.loadBefore(ID, 9);
  await pass(1500);
  assert.deepEqual(seqs(), [9]);
  give([200, { code: 0, data: { messages: [message(7), message(8)], has_more: true } }]);
  await asked;
  assert.deepEqual(seqs(), [9]);
  server.answers[`/api/messages/private/${BEN}`] = () =>
    [200, { code: 0, data: { messages: [message(7), message(8)], has_more: true } }];
  await parley.loadBefore(ID, 9);
  assert.deepEqual(seqs(), [7, 8, 9]);
});

test('who pokes a dead socket knows it after 5 s', async () => {
  parley.poke();
  await pass(7000);
  assert.equal(server.sockets.length, 2);
  parley.poke();
  server.socket.say({ type: 100, content: {}, timestamp: 1 });
  await pass(7000);
  assert.equal(server.sockets.length, 2);
});

test('who writes into a dead connection knows it some 10 s later, however much he writes', async () => {
  for (let i = 0; i < 7; i++) {
    parley.send(ID, { text: `word ${i}` });
    await pass(2000);
  }
  assert.equal(server.sockets.length, 2);
});

test('the pauses before a reconnect grow from 1 s to 30 s, with some chance, and start over once it was live', async () => {
  mock.method(Math, 'random', () => 0.4);
  server.isAway = true;
  const tried = [];
  parley.on('change', (topic) => topic === 'state' && parley.state === 'connecting' && tried.push(Date.now()));
  const began = Date.now();
  server.socket.end(1006);
  await pass(120_000, 100);
  const pauses = tried.map((time, at) => Math.round((time - (tried[at - 1] ?? began)) / 1000));
  assert.deepEqual(pauses.slice(0, 7), [1, 2, 5, 10, 19, 36, 36]);
  server.isAway = false;
  await pass(40_000);
  assert.equal(parley.state, 'live');
  server.socket.end(1006);
  await pass(1500);
  assert.equal(parley.state, 'live');
  mock.restoreAll();
});

test('close codes: after 1001, 1006 and 1013 it comes back, 1008 and 4401 are the end', async () => {
  for (const code of [1001, 1006, 1013]) {
    server.socket.end(code);
    assert.equal(parley.state, 'offline');
    await pass(2000);
    assert.equal(parley.state, 'live', code);
  }
  const told = [];
  parley.on('ended', (reason) => told.push(reason));
  const content = { event: 'session.ended', session_id: 'session_1', reason: 'password' };
  server.socket.say({ type: 3, content, timestamp: 1 });
  server.socket.end(1008);
  const count = server.sockets.length;
  await pass(60_000);
  assert.deepEqual([parley.state, told, server.sockets.length], ['ended', ['password'], count]);
  await parley.login({ username: 'me', password: 'a password' });
  parley.start();
  await settle();
  server.socket.end(4401);
  assert.deepEqual([parley.state, told], ['ended', ['password', 'logout']]);
});

test('a token is exchanged before its end, and a session that is over ends', async () => {
  await pass(14 * 60_000 + 1000);
  assert.equal(server.asked.filter((line) => line === 'POST /api/refresh').length, 1);
  server.answers['/api/refresh'] = () => [401, { code: 40101, message: 'no', data: null }];
  await pass(14 * 60_000 + 5000);
  assert.deepEqual([parley.state, parley.endedReason], ['ended', 'expired']);
});

test('who is refused before session.ended came is told its reason all the same', async () => {
  server.answers['/api/friends'] = () => [401, { code: 40101, message: 'no', data: null }];
  server.answers['/api/refresh'] = server.answers['/api/friends'];
  await assert.rejects(parley.request('GET', '/api/friends'), { code: 40101 });
  assert.equal(parley.state, 'live');
  server.socket.say({ type: 3, content: { event: 'session.ended', reason: 'ended' }, timestamp: 1 });
  server.socket.end(1008);
  await pass(10_000);
  assert.deepEqual([parley.state, parley.endedReason], ['ended', 'ended']);
});

test('listeners hear of many changes as of one, and one that throws stops nobody', async () => {
  const topics = [];
  mock.timers.tick(100);
  const off = parley.on('change', () => { throw new Error('a mistake of the page'); });
  parley.on('change', (topic) => topics.push(topic));
  const throws = mock.method(globalThis, 'queueMicrotask', () => {});
  for (let seq = 3; seq < 20; seq++) server.socket.say(message(seq));
  mock.timers.tick(20);
  assert.deepEqual(topics.sort(), ['list', ID].sort());
  assert.equal(throws.mock.callCount(), 2);
  mock.restoreAll();
  off();
});
