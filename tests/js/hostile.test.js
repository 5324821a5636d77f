/** What should never come: a server that lies, a clock that jumps, a storage that is not ours, somebody else's cookie. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { conversation, FakeServer, ID, message, settle } from './fakes.js';

const START = Date.parse('2026-11-21T12:00:00Z');
const HOUR = 3_600_000;

let server;
let parley;
let faults;
let moved;

beforeEach(() => {
  moved = 0;
  let now = START;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  mock.method(Date, 'now', () => now + moved);
  const { tick } = mock.timers;
  mock.method(mock.timers, 'tick', (ms) => {
    now += ms;
    tick.call(mock.timers, ms);
  });
  server = new FakeServer();
  server.pages = [{ conversations: [conversation(2)] }];
});

afterEach(() => {
  parley.stop();
  mock.restoreAll();
  mock.timers.reset();
});

async function start(options) {
  parley = await server.connect(options);
  faults = [];
  parley.on('fault', (fault) => faults.push(fault));
  parley.start();
  await settle();
}

async function pass(ms, step = 500) {
  for (let rest = ms; rest > 0; rest -= step) {
    mock.timers.tick(step);
    await settle();
  }
}

const seqs = () => parley.span(ID).messages.map(({ seq }) => seq);
const count = (line) => server.asked.filter((asked) => asked.startsWith(line)).length;
const texts = () => server.sent(1).map(({ content }) => content.text);
const ackOf = ({ message_id }, more) =>
  ({ type: 30, message_id, code: 0, message: 'success', conversation_id: ID, timestamp: 1, ...more });

test('frames that are none stop nothing', async () => {
  await start();
  const say = (text) => server.socket.onmessage({ data: text });
  for (const text of ['', 'no JSON', 'null', '[]', '7', '{}', '{"type":"1"}']) say(text);
  server.socket.say({ type: 3 }, { type: 3, content: null }, { type: 3, content: { event: 7 } }, { type: 1 }, { type: 30 },
    { type: 1, conversation_id: 7 }, { type: 34, conversation_id: ID, change_seq: 'x' }, { type: 31 }, { type: 40 },
    { type: 33, conversation_id: {} }, { type: 1e308, content: [] });
  say('{"type":3,"content":{"event":"new","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}');
  server.socket.say(message(3));
  await settle();
  assert.deepEqual([parley.state, seqs(), {}.polluted], ['live', [1, 2, 3], undefined]);
  assert.ok(faults.length > 0);
});

test('a conversation that makes no sense keeps no other from coming', async () => {
  server.pages = [{ conversations: [{ conversation_id: 'group:odd', type: 'group' }, conversation(2)] }];
  await start();
  assert.deepEqual([parley.state, seqs(), faults.length], ['live', [1, 2], 1]);
  server.answers['/api/sync'] = () => [200, { code: 0, data: { cursor: 'sync_2' } }];
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await pass(3000);
  delete server.answers['/api/sync'];
  server.pages = [{ conversations: [conversation(3, { after_seq: 2, messages: [message(3)] })] }];
  await pass(1500);
  assert.deepEqual([parley.state, seqs()], ['live', [1, 2, 3]]);
});

test('pages that lead no further, and a gap that never closes, are asked about more and more seldom', async () => {
  await start();
  server.answers['/api/sync'] = () => [200, { code: 0, data: { cursor: 'sync_1', has_more: true, conversations: [] } }];
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await pass(10_000);
  assert.ok(count('GET /api/sync') <= 14, `${count('GET /api/sync')}`);
  delete server.answers['/api/sync'];
  await pass(2000);
  server.asked = [];
  server.socket.say(message(9e15));
  await pass(120_000);
  assert.ok(count('GET /api/sync') <= 20, `${count('GET /api/sync')}`);
});

test('a session of years is not refreshed all the time, and Retry-After is no way to make somebody ask at once', async () => {
  const years = { user_id: 'user_me', username: 'me', nickname: 'Me', role: 'user', token: 'token', refresh_token: 'more',
    expires_at: START + 10 * 365 * 24 * HOUR, websocket_url: 'ws://fake/ws' };
  server.answers['/api/login'] = () => [200, { code: 0, data: years }];
  const fetch = async (address, how) => {
    const answer = await server.fetch(address, how);
    return answer.ok ? answer : new Response(await answer.text(), { status: 503, headers: { 'Retry-After': '9999999' } });
  };
  await start({ fetch });
  server.answers['/api/sync'] = () => [503, { code: 50301, message: 'no', data: null }];
  server.asked = [];
  const delays = mock.method(globalThis, 'setTimeout').mock;
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  await pass(5000);
  assert.deepEqual([count('GET /api/sync'), count('POST /api/refresh')], [1, 0]);
  for (const { arguments: [, ms = 0] } of delays.calls) assert.ok(ms < 2 ** 31, `a timer of ${ms} ms`);
});

test('a clock that is set back holds up nothing', async () => {
  await start();
  const told = [];
  parley.on('change', (topic) => told.push(topic));
  parley.send(ID, { text: 'before' });
  await pass(1000);
  moved = -HOUR;
  told.length = 0;
  server.socket.say(message(3));
  await pass(1000);
  assert.ok(told.includes(ID), 'listeners are told');
  await pass(6000);
  assert.ok(texts().length > 1, 'what has no ack is sent again');
  const { message_id } = server.sent(1)[0];
  server.socket.say(ackOf({ message_id }, { code: 50301, message: 'later' }));
  moved = -2 * HOUR;
  server.got = [];
  await pass(3000);
  assert.deepEqual(texts(), ['before']);
  parley.typingIn(ID);
  moved = -3 * HOUR;
  parley.typingIn(ID);
  assert.equal(server.sent(33).length, 2);
});

test('what was refused for now is not overtaken by what was said after it', async () => {
  await start();
  parley.send(ID, { text: 'first' });
  server.socket.say(ackOf(server.sent(1)[0], { code: 50301, message: 'later' }));
  parley.send(ID, { text: 'second' });
  parley.send({ user_id: 'user_other' }, { text: 'elsewhere' });
  assert.deepEqual(texts(), ['first', 'elsewhere']);
  await pass(3000);
  assert.deepEqual(texts(), ['first', 'elsewhere', 'first', 'second']);
});

test('who finds somebody else\'s cookie in place of his own is nobody, and sends nothing', async () => {
  await start();
  const other = { user_id: 'user_admin', username: 'admin', nickname: 'Admin', role: 'admin',
    expires_at: START + HOUR, websocket_url: 'ws://fake/ws' };
  server.socket.end(1006);
  parley.send(ID, { text: 'mine' });
  server.answers['/api/users/me'] = () => [200, { code: 0, data: other }];
  await pass(3000);
  assert.deepEqual([parley.state, parley.endedReason, texts()], ['ended', 'somebody_else', []]);
  assert.equal(parley.me.user_id, 'user_me');
});

test('the same when the token is exchanged', async () => {
  await start();
  server.answers['/api/refresh'] = () => [200, { code: 0, data: { user_id: 'user_admin', username: 'admin',
    nickname: 'Admin', role: 'admin', expires_at: START + HOUR, websocket_url: 'ws://fake/ws' } }];
  await pass(14 * 60_000 + 1000, 5000);
  assert.deepEqual([parley.state, parley.me.user_id], ['ended', 'user_me']);
});

test('the same when the page comes back to sight, where the session is in cookies', async () => {
  await start({ cookies: true });
  server.answers['/api/users/me'] = () => [200, { code: 0, data: { user_id: 'user_admin', nickname: 'Admin' } }];
  await parley.poke();
  assert.deepEqual([parley.state, parley.endedReason], ['ended', 'somebody_else']);
});

test('a server that cannot answer for long is asked more and more seldom, and heard when it can', async () => {
  await start();
  server.answers['/api/sync'] = () => [503, { code: 50301, message: 'no', data: null }];
  server.socket.say({ type: 3, content: { event: 'resync' }, timestamp: 1 });
  server.asked = [];
  await pass(50_000);
  assert.ok(count('GET /api/sync') <= 9, `${count('GET /api/sync')}`);
  delete server.answers['/api/sync'];
  server.pages = [{ conversations: [conversation(3, { after_seq: 2, messages: [message(3)] })] }];
  await pass(11_000);
  assert.deepEqual(seqs(), [1, 2, 3]);
});

// ---- Answers that come in another order than the questions, and too late

const TOO_OLD = [401, { code: 40101, message: 'too old', data: null }];
const FINE = [200, { code: 0, message: 'success', data: {} }];

test('who hears late that the token was too old asks again with the new one, and exchanges no other', async () => {
  await start();
  let give;
  const quick = [TOO_OLD, FINE];
  const slow = [new Promise((resolve) => { give = resolve; }), FINE];
  server.answers['/api/friends'] = () => quick.shift();
  server.answers['/api/blocks'] = () => slow.shift();
  const late = parley.request('GET', '/api/blocks');
  await parley.request('GET', '/api/friends');
  give(TOO_OLD);
  await late;
  assert.equal(count('POST /api/refresh'), 1);
});

test('what was asked for before a log-out makes nobody of whom one was', async () => {
  await start();
  const give = {};
  for (const path of ['/api/users/me', '/api/refresh']) {
    server.answers[path] = () => new Promise((resolve) => { give[path] = resolve; });
  }
  server.answers['/api/logout'] = () => FINE;
  server.answers['/api/blocks'] = () => TOO_OLD;
  const asked = parley.request('GET', '/api/users/me');
  const refused = assert.rejects(parley.request('GET', '/api/blocks'), { code: 0 });
  await settle();
  await parley.logout();
  give['/api/users/me']([200, { code: 0, data: { user_id: 'user_me', nickname: 'Me' } }]);
  give['/api/refresh'](TOO_OLD);
  await Promise.all([asked, refused]);
  assert.deepEqual([parley.me, parley.state], [null, 'stopped']);
});

test('that one is nobody any more is told at once, before anybody asks for more', async () => {
  const nobody = [];
  Object.assign(server.answers, { '/api/logout': () => FINE, '/api/blocks': () => TOO_OLD, '/api/refresh': () => TOO_OLD });
  for (const end of [() => parley.logout(), () => parley.request('GET', '/api/blocks').catch(() => {})]) {
    parley = await server.connect();
    await pass(100);
    parley.on('change', (topic) => topic === 'me' && nobody.push(parley.me));
    await end();
  }
  assert.deepEqual(nobody, [null, null]);
});

test('who stops while he connects stays where he is, and who starts again then waits until all is there', async () => {
  await start();
  let give;
  server.answers['/api/users/me'] = () => new Promise((resolve) => { give = resolve; });
  server.socket.end(1006);
  await pass(2000);
  await parley.stop();
  give([503, { code: 50301, message: 'no', data: null }]);
  await settle();
  assert.equal(parley.state, 'stopped');
  parley.start();
  await settle();
  await parley.stop();
  let isThere = false;
  parley.start().then(() => { isThere = true; });
  await settle();
  assert.deepEqual([isThere, parley.state], [false, 'connecting']);
  delete server.answers['/api/users/me'];
  give([200, { code: 0, data: { user_id: 'user_me', nickname: 'Me' } }]);
  await settle();
  assert.deepEqual([isThere, parley.state], [true, 'live']);
});

test('what one sets is told one after the other, and what was set meanwhile together', async () => {
  const told = [];
  const fetch = async (address, how) => {
    if (how.method !== 'PATCH') return server.fetch(address, how);
    return new Promise((resolve) => {
      told.push([JSON.parse(how.body), () => resolve(new Response(JSON.stringify(FINE[1])))]);
    });
  };
  await start({ fetch });
  const set = [{ draft: 'a' }, { draft: 'b' }, { muted: true }].map((each) => parley.setConversation(ID, each));
  await settle();
  assert.deepEqual(told.map(([body]) => body), [{ draft: 'a' }]);
  told[0][1]();
  await settle();
  assert.deepEqual(told.map(([body]) => body), [{ draft: 'a' }, { draft: 'b', muted: true }]);
  told[1][1]();
  assert.deepEqual([await Promise.all(set), told.length], [[true, true, true], 2]);
});
