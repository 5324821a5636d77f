/** The client against the real system (PARLEY_URL); tests/system/test_js.py runs it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Parley } from '../../../clients/js/parley.js';
import { Proxy } from './proxy.js';
import { device, memory, newName, PASSWORD, PATIENCE_MS, person, until, URL_OF_SERVER } from './people.js';

const started = [];
const proxies = [];
let ada;
let ben;
let id;

async function start(parley) {
  started.push(parley);
  await parley.start();
  return parley;
}

async function lineTo(url) {
  const proxy = await Proxy.open(url);
  proxies.push(proxy);
  return proxy;
}

const texts = (parley, of = id) => parley.span(of)?.messages.map(({ content }) => content.text);
const has = (parley, text, of = id) => texts(parley, of)?.includes(text) ?? false;
const eventOf = (parley, name, wanted = () => true) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`within ${PATIENCE_MS} ms no ${name}`)), PATIENCE_MS);
  const off = parley.on(name, (value) => {
    if (!wanted(value)) return;
    off();
    clearTimeout(timer);
    resolve(value);
  });
});

before(async () => {
  ada = await start(await person('ada'));
  ben = await start(await person('ben'));
  id = ada.open({ user_id: ben.me.user_id });
  ada.send(id, { text: 'the first' });
  await until(ben, () => has(ben, 'the first'), 'the first message');
});

after(() => {
  for (const parley of started) parley.stop();
  for (const proxy of proxies) proxy.close();
});

test('a message is shown at once, and then says how far it has come', async () => {
  const states = [];
  const message = ada.send({ user_id: ben.me.user_id }, { text: 'how far' });
  assert.equal(message.state, 'sending');
  const off = ada.on('change', () => states.push(ada.find(id, message.message_id)?.state));
  await until(ben, () => has(ben, 'how far'), 'the message');
  await until(ada, () => ada.find(id, message.message_id).state === 'delivered', 'delivered');
  ben.read(id, ben.conversations.get(id).last_seq);
  await until(ada, () => ada.find(id, message.message_id).state === 'read', 'read');
  off();
  const ranks = states.map((state) => ['sending', 'sent', 'delivered', 'read'].indexOf(state));
  assert.deepEqual(ranks, [...ranks].sort());
});

test('a live message is told once, and to others than its sender', async () => {
  const told = [];
  for (const parley of [ada, ben]) parley.on('message', ({ content }) => told.push([parley.me.nickname, content.text]));
  ada.send(id, { text: 'told once' });
  await until(ben, () => has(ben, 'told once'), 'the message');
  assert.deepEqual(told, [['ben', 'told once']]);
});

test('edit, reactions, pins and recall are resolved when they show', async () => {
  const { message_id } = ada.send(id, { text: 'changing' });
  await until(ada, () => ada.find(id, message_id).seq > 0, 'the ack');
  const now = () => ada.find(id, message_id);
  await ada.edit(now(), { text: 'changed' });
  assert.equal(now().content.text, 'changed');
  await ada.react(now(), '👍');
  assert.deepEqual(now().reactions, [{ emoji: '👍', count: 1, user_ids: [ada.me.user_id] }]);
  await ada.unreact(now(), '👍');
  assert.equal(now().reactions, undefined);
  await ada.pin(now());
  assert.ok(ada.conversations.get(id).pinned_ids.includes(message_id));
  await ada.recall(now());
  assert.ok(now().recalled_at);
  assert.ok(!ada.conversations.get(id).pinned_ids.includes(message_id));
});

test('changes of one message are made in the order that they were asked for', async () => {
  const { message_id } = ada.send(id, { text: 'v0' });
  await until(ada, () => ada.find(id, message_id).seq > 0, 'the ack');
  const message = ada.find(id, message_id);
  await Promise.all([1, 2, 3, 4].map((n) => ada.edit(message, { text: `v${n}` })));
  assert.equal(ada.find(id, message_id).content.text, 'v4');
});

test('what one deletes for oneself goes from one\'s other devices and stays with others', async () => {
  const other = await start(await device(ada));
  const { message_id } = ben.send(id, { text: 'not for ada' });
  await until(other, () => other.find(id, message_id), 'the message');
  await until(ada, () => ada.find(id, message_id), 'the message');
  await ada.remove(ada.find(id, message_id));
  assert.equal(ada.find(id, message_id), undefined);
  await until(other, () => !other.find(id, message_id), 'it goes');
  assert.ok(ben.find(id, message_id));
});

test('a refusal for good makes the message failed; retry sends it again, discard takes it away', async () => {
  // Message hears of both within a second.
  let message;
  const now = () => ada.find(id, message.message_id);
  const isAnswered = () => !['queued', 'sending'].includes(now().state);
  await ben.request('POST', '/api/blocks', { body: { user_id: ada.me.user_id } });
  do {
    message = ada.send(id, { text: 'may I?' });
    await until(ada, isAnswered, 'an answer');
  } while (now().state !== 'failed');
  assert.equal(now().error.code, 40302);
  await ben.request('DELETE', `/api/blocks/${ada.me.user_id}`);
  do {
    ada.retry(message);
    await until(ada, isAnswered, 'an answer');
  } while (now().state === 'failed');
  await until(ben, () => ben.find(id, message.message_id), 'the message');
  const long = ada.send(id, { text: 'x'.repeat(70_000) });
  assert.deepEqual([long.state, long.error.field], ['failed', 'content']);
  ada.discard(long);
  assert.equal(ada.find(id, long.message_id), undefined);
});

test('what is said while the network is away is sent when it is back, in its order', async () => {
  const line = await lineTo(URL_OF_SERVER);
  const here = await start(await device(ada, { url: line.url }));
  line.part();
  await until(here, () => here.state === 'offline', 'offline');
  for (const n of [1, 2, 3]) assert.equal(here.send(id, { text: `offline ${n}` }).state, 'queued');
  assert.deepEqual(here.pending(id).map(({ content }) => content.text), ['offline 1', 'offline 2', 'offline 3']);
  await assert.rejects(here.react(here.span(id).messages[0], '👍'), { code: 0 });
  line.join();
  here.poke();
  await until(ben, () => has(ben, 'offline 3'), 'the messages');
  assert.deepEqual(texts(ben).slice(-3), ['offline 1', 'offline 2', 'offline 3']);
  await until(here, () => here.pending(id).length === 0, 'the acks');
});

test('what came while one was away is caught up, and told as missed', async () => {
  const line = await lineTo(URL_OF_SERVER);
  const here = await start(await device(ben, { url: line.url }));
  line.part();
  await until(here, () => here.state === 'offline', 'offline');
  const { message_id } = ada.send(id, { text: 'while away' });
  await until(ada, () => ada.find(id, message_id).seq > 0, 'the ack');
  await ada.react(ada.span(id).messages[0], '🎉');
  const missed = eventOf(here, 'missed');
  line.join();
  here.poke();
  assert.equal((await missed).content.text, 'while away');
  await until(here, () => here.state === 'live', 'live');
  assert.equal(here.span(id).messages[0].reactions[0].emoji, '🎉');
});

test('a program that is started again goes on where it was, and sends what it had not sent', async () => {
  const storage = memory();
  const line = await lineTo(URL_OF_SERVER);
  const first = await start(await person('dora', { url: line.url, storage }));
  const room = first.open({ user_id: ben.me.user_id });
  first.send(room, { text: 'before' });
  await until(first, () => first.pending(room).length === 0, 'the ack');
  line.part();
  await until(first, () => first.state === 'offline', 'offline');
  first.send(room, { text: 'kept' });
  await first.setConversation(room, { draft: 'half a sent' });
  await first.stop();
  line.join();

  const second = new Parley({ url: URL_OF_SERVER, storage: { ...storage } });
  assert.ok(await second.resume());
  assert.deepEqual(texts(second, room), ['before']);
  assert.deepEqual(second.pending(room).map(({ content, state }) => [content.text, state]), [['kept', 'queued']]);
  assert.equal(second.conversations.get(room).draft, 'half a sent');
  await start(second);
  await until(ben, () => has(ben, 'kept', room), 'the message');
  await until(second, () => second.pending(room).length === 0, 'the ack');
  assert.equal(ben.span(room).messages.filter(({ content }) => content.text === 'kept').length, 1);
  const other = await start(await device(first));
  await until(other, () => other.conversations.get(room)?.draft === 'half a sent', 'the draft');
});

test('after a log-out nothing is kept', async () => {
  const storage = memory();
  const parley = await start(await person('eve', { storage }));
  parley.send({ user_id: ben.me.user_id }, { text: 'a secret' });
  await until(parley, () => parley.list().length > 0, 'the conversation');
  await parley.logout();
  assert.deepEqual([storage.entries.size, parley.me, parley.list(), parley.state], [0, null, [], 'stopped']);
  assert.equal(await new Parley({ url: URL_OF_SERVER, storage }).resume(), false);
});

test('a token that is not good any more is exchanged once, whoever asks', async () => {
  let refreshes = 0;
  const counted = (url, options) => {
    if (String(url).endsWith('/api/refresh')) refreshes += 1;
    return fetch(url, { ...options, headers: isStale ? { ...options.headers, Authorization: 'Bearer stale' } : options.headers });
  };
  let isStale = false;
  const parley = await person('fred', { fetch: counted });
  isStale = true;
  const asked = ['/api/friends', '/api/blocks', '/api/sessions'].map((path) => parley.request('GET', path));
  await new Promise(setImmediate);
  isStale = false;
  await Promise.all(asked);
  assert.equal(refreshes, 1);
});

test('a session that another device ends says why, and tries no more', async () => {
  const here = await start(await device(ben));
  const ended = eventOf(here, 'ended');
  const { sessions } = await here.request('GET', '/api/sessions');
  const { session_id } = sessions.find(({ current }) => current);
  await ben.request('DELETE', `/api/sessions/${session_id}`);
  assert.equal(await ended, 'ended');
  assert.deepEqual([here.state, here.endedReason], ['ended', 'ended']);
  await assert.rejects(here.request('GET', '/api/friends'), { status: 401 });
});

test('a wrong password is a refusal with its code, and no session', async () => {
  const parley = new Parley({ url: URL_OF_SERVER });
  const who = { username: ada.me.username, password: 'wrong-horse-battery' };
  await assert.rejects(parley.login(who), { name: 'ParleyError', code: 40103, status: 401 });
  assert.equal(parley.me, null);
  const taken = { username: ada.me.username, password: PASSWORD };
  await assert.rejects(parley.register(taken), { code: 40902, field: 'username' });
  await assert.rejects(parley.register({ username: newName('x'), password: 'short' }), { field: 'password' });
});

test('a network that is away is code 0', async () => {
  const parley = new Parley({ url: 'http://127.0.0.1:1' });
  await assert.rejects(parley.login({ username: 'ada', password: PASSWORD }), { code: 0 });
});

test('histories go both ways from the middle, and stretches that meet are one', async () => {
  const writer = await start(await person('gil'));
  const room = writer.open({ user_id: ada.me.user_id });
  for (let n = 1; n <= 240; n++) writer.send(room, { text: `${n}` });
  await until(writer, () => writer.pending(room).length === 0, 'all is sent');
  const reader = await start(await device(writer));
  assert.deepEqual([texts(reader, room).at(-1), reader.span(room).has_before], ['240', true]);
  await reader.loadAround(room, 100);
  assert.deepEqual([reader.span(room, 100).has_before, reader.span(room, 100).has_after], [true, true]);
  assert.ok(reader.span(room).messages[0].seq > 150);
  for (let span; (span = reader.span(room, 100)).has_after; ) await reader.loadAfter(room, span.messages.at(-1).seq);
  for (let span; (span = reader.span(room)).has_before; ) await reader.loadBefore(room, span.messages[0].seq);
  assert.deepEqual(texts(reader, room), Array.from({ length: 240 }, (_, at) => String(at + 1)));
  const { message_id } = reader.span(room).messages[0];
  const stranger = await start(await device(writer));
  assert.equal((await stranger.loadMessage(room, message_id)).seq, 1);
  assert.equal(stranger.find(room, message_id).content.text, '1');
});

test('the same id is the same message, however often it is sent', async () => {
  const message_id = `same_${crypto.randomUUID()}`;
  const other = await start(await device(ada));
  for (const parley of [ada, other]) parley.send(id, { text: 'only once' }, { message_id });
  await until(ben, () => has(ben, 'only once'), 'the message');
  for (const parley of [ada, other]) await until(parley, () => parley.pending(id).length === 0, 'the ack');
  ben.send(id, { text: 'behind it' });
  for (const parley of [ada, other, ben]) {
    await until(parley, () => has(parley, 'behind it'), 'what is behind it');
    assert.equal(texts(parley).filter((text) => text === 'only once').length, 1);
  }
});

test('a file is uploaded with its progress, sent, and arrives with its thumbnail', async () => {
  const loaded = [];
  const off = ada.on('upload', (progress) => loaded.push(progress.loaded));
  const blob = new Blob(['tea at eight'], { type: 'text/plain' });
  const { message_id, progress } = ada.sendFile(id, blob, { file_name: 'tea.txt' });
  assert.equal(progress, 0);
  await until(ben, () => ben.find(id, message_id), 'the file');
  off();
  const { content, msg_type } = ben.find(id, message_id);
  assert.deepEqual([content.file_name, content.file_size, msg_type, loaded], ['tea.txt', 12, 7, [12]]);
  assert.equal(await (await ben.download(content.url)).text(), 'tea at eight');
  assert.equal((await ben.download(content.thumbnail_url)).type.split('/')[0], 'image');
  const stranger = await person('ivo');
  await assert.rejects(stranger.download(content.url), { code: 40401 });
});

test('what one sets of a conversation is set on all devices, and hidden ones come back with a message', async () => {
  const other = await start(await device(ada));
  await ada.setConversation(id, { pinned: true, muted: true, draft: 'see you' });
  const set = () => other.conversations.get(id);
  await until(other, () => set().pinned && set().muted && set().draft === 'see you', 'the settings');
  await ada.setConversation(id, { pinned: false, muted: false, draft: '' });
  await until(other, () => !set().pinned && !set().draft, 'the settings');
  await ada.hide(id);
  await until(other, () => !other.list().some(({ conversation_id }) => conversation_id === id), 'hidden');
  ben.send(id, { text: 'back again' });
  await until(other, () => other.list()[0]?.conversation_id === id, 'shown');
});

test('reading on one device reads on all, and names are counted', async () => {
  const other = await start(await device(ben));
  const { message_id } = ada.send(id, { text: 'ben?', at_user_ids: [ben.me.user_id] });
  await until(other, () => other.find(id, message_id), 'the message');
  assert.ok(other.conversations.get(id).mentioned);
  await until(ben, () => ben.find(id, message_id), 'the message');
  ben.read(id, ben.conversations.get(id).last_seq);
  assert.deepEqual([ben.conversations.get(id).unread_count, ben.conversations.get(id).mentioned], [0, false]);
  await until(other, () => other.conversations.get(id).unread_count === 0, 'read');
});

test('disappearing messages disappear by themselves', async () => {
  const writer = await start(await person('hal'));
  const room = writer.open({ user_id: ben.me.user_id });
  writer.send(room, { text: 'stays' });
  await until(ben, () => has(ben, 'stays', room), 'the message');
  await writer.request('PUT', `/api/conversations/${room}/timer`, { body: { seconds: 5 } });
  await until(writer, () => writer.conversations.get(room).ttl === 5, 'the timer');
  writer.send(room, { text: 'goes' });
  await until(ben, () => has(ben, 'goes', room), 'the message');
  for (const parley of [ben, writer]) await until(parley, () => !has(parley, 'goes', room), 'it goes');
  assert.ok(has(ben, 'stays', room));
});

test('typing and presence are told, and profiles are there when they are asked for', async () => {
  const typing = eventOf(ben, 'typing');
  ada.typingIn(id);
  const again = setInterval(() => ada.typingIn(id), 1100); // it is said once, and may be lost
  assert.deepEqual(await typing.finally(() => clearInterval(again)), { conversation_id: id, user_id: ada.me.user_id });
  assert.deepEqual(ben.typing(id), [ada.me.user_id]);
  ada.send(id, { text: 'typed' });
  await until(ben, () => has(ben, 'typed'), 'the message');
  assert.deepEqual(ben.typing(id), []);
  await until(ben, () => ben.profile(ada.me.user_id), 'the profile');
  assert.equal(ben.profile(ada.me.user_id).nickname, 'ada');
  const asked = eventOf(ben, 'friend', ({ event }) => event === 'friend.requested');
  await ada.request('POST', '/api/friend_requests', { body: { user_id: ben.me.user_id } });
  await ben.request('POST', `/api/friend_requests/${(await asked).request_id}/accept`);
  await until(ben, () => ben.presence(ada.me.user_id)?.online, 'the presence');
});

test('a group has its name, and forwarding sends on', async () => {
  const group = await ada.request('POST', '/api/groups', { body: { name: 'Tea at four' } });
  const room = ada.open({ group_id: group.group_id });
  await until(ada, () => ada.conversations.get(room).group.name === 'Tea at four', 'the name');
  await ada.forward(ada.span(id).messages[0], { group_id: group.group_id });
  await until(ada, () => has(ada, 'the first', room), 'the message');
  await ada.request('POST', `/api/groups/${group.group_id}/leave`);
  await until(ada, () => ada.conversations.get(room).left, 'left');
});

test('a cursor that is not known any more begins anew, and loses nothing', async () => {
  const storage = memory();
  const parley = await start(await device(ada, { storage }));
  await parley.stop();
  assert.ok(storage.entries.get('cursor'));
  storage.entries.set('cursor', 'sync_00000000000000000000000000');
  const again = new Parley({ url: URL_OF_SERVER, storage });
  await again.resume();
  again.send(id, { text: 'kept over it' });
  await start(again);
  await until(ben, () => has(ben, 'kept over it'), 'the message');
  await until(again, () => has(again, 'kept over it'), 'the message');
});
