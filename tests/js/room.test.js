/** One conversation, without a server: order, gaps, stretches, changes, counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Room } from '../../clients/js/room.js';
import { addStretch, clipStretches } from '../../clients/js/stretches.js';

const ME = 'user_me';
const BEN = 'user_ben';
const ID = `single:${BEN}:${ME}`;
const NOW = 1_000_000;

const message = (seq, more = {}) => ({
  type: 1, message_id: `message-${seq}`, from: BEN, to: ME, content: { text: `number ${seq}` }, msg_type: 0,
  timestamp: seq, conversation_id: ID, seq, ...more,
});
const change = (type, seq, change_seq, more = {}) =>
  ({ type, conversation_id: ID, message_id: `message-${seq}`, seq, from: BEN, change_seq, timestamp: NOW, ...more });
const page = (more = {}) => ({
  conversation_id: ID, type: 'single', peer: { user_id: BEN, username: 'ben', nickname: 'Ben' }, last_message: null,
  last_seq: 0, read_seq: 0, unread_count: 0, mentioned: false, pinned: false, muted: false, updated_at: 0,
  messages: [], limited: false, after_seq: 0, changes: [], hidden_message_ids: [], pinned_ids: [], receipts: [],
  first_seq: 0, change_seq: 0, ...more,
});
const shown = (room, seq) => room.span(seq)?.messages.map((one) => one.seq);
const texts = (room) => room.span().messages.map((one) => one.content.text);
const filled = (last) => {
  const room = new Room(ME, ID);
  for (let seq = 1; seq <= last; seq++) room.take(message(seq), NOW);
  return room;
};

test('stretches that meet become one, others stay apart', () => {
  const cases = [
    [[], { low: 5, high: 7 }, [[5, 7]]],
    [[[1, 4]], { low: 5, high: 7 }, [[1, 7]]],
    [[[1, 3]], { low: 5, high: 7 }, [[1, 3], [5, 7]]],
    [[[1, 3], [8, 9]], { low: 4, high: 7 }, [[1, 9]]],
    [[[8, 9]], { low: 1, high: 2 }, [[1, 2], [8, 9]]],
    [[[1, 20]], { low: 4, high: 7 }, [[1, 20]]],
  ];
  for (const [given, added, wanted] of cases) {
    const before = given.map(([low, high]) => ({ low, high }));
    assert.deepEqual(addStretch(before, added).map(({ low, high }) => [low, high]), wanted);
  }
  assert.deepEqual(clipStretches([{ low: 1, high: 5 }, { low: 8, high: 9 }], 4, 7), [{ low: 4, high: 5 }]);
});

test('messages that overtake each other are shown in order, and none past a gap', () => {
  const room = new Room(ME, ID);
  for (const seq of [2, 4, 3]) assert.deepEqual(room.take(message(seq), NOW), []);
  assert.equal(room.span(), null);
  assert.ok(room.hasGap());
  assert.deepEqual(room.take(message(1), NOW).map(({ seq }) => seq), [1, 2, 3, 4]);
  assert.deepEqual(shown(room), [1, 2, 3, 4]);
  assert.ok(!room.hasGap());
});

test('what comes twice is shown once', () => {
  const room = filled(3);
  assert.deepEqual(room.take(message(2, { content: { text: 'another' } }), NOW), []);
  assert.deepEqual(texts(room), ['number 1', 'number 2', 'number 3']);
});

test('changes are taken in their order, and not before their message', () => {
  const room = filled(1);
  room.take(change(34, 1, 2, { content: { text: 'second' } }), NOW);
  assert.deepEqual(texts(room), ['number 1']);
  room.take(change(34, 1, 1, { content: { text: 'first' } }), NOW);
  assert.deepEqual(texts(room), ['second']);
  room.take(change(34, 2, 3, { content: { text: 'edited' } }), NOW);
  assert.ok(room.hasGap());
  room.take(message(2), NOW);
  assert.deepEqual(texts(room), ['second', 'edited']);
});

test('a change that comes twice is made once', () => {
  const room = filled(1);
  const reaction = change(35, 1, 1, { emoji: '👍', count: 1 });
  room.take(reaction, NOW);
  room.take(change(35, 1, 2, { emoji: '👍', count: 0, removed: true }), NOW);
  room.take(reaction, NOW);
  assert.equal(room.messages.get(1).reactions, undefined);
});

test('reactions keep who and how many', () => {
  const room = filled(1);
  room.take(change(35, 1, 1, { emoji: '👍', count: 1 }), NOW);
  room.take(change(35, 1, 2, { emoji: '👍', count: 2, from: ME }), NOW);
  room.take(change(35, 1, 3, { emoji: '🎉', count: 1 }), NOW);
  room.take(change(35, 1, 4, { emoji: '👍', count: 1, removed: true }), NOW);
  assert.deepEqual(room.messages.get(1).reactions, [
    { emoji: '👍', count: 1, user_ids: [ME] }, { emoji: '🎉', count: 1, user_ids: [BEN] }]);
});

test('a recalled message loses its content, its reactions and its pin', () => {
  const room = filled(1);
  room.take(change(37, 1, 1), NOW);
  room.take(change(35, 1, 2, { emoji: '👍', count: 1 }), NOW);
  assert.deepEqual(room.data.pinned_ids, ['message-1']);
  room.take(change(32, 1, 3), NOW);
  const { content, reactions, recalled_at } = room.messages.get(1);
  assert.deepEqual([content, reactions, recalled_at], [{}, undefined, NOW]);
  assert.deepEqual(room.data.pinned_ids, []);
});

test('a pin of what one has deleted for oneself does not show', () => {
  const room = new Room(ME, ID);
  room.sync(page({ last_seq: 2, messages: [message(1), message(2)] }), NOW);
  room.remove(['message-1'], true);
  room.take(change(37, 1, 1), NOW);
  room.take(change(37, 2, 2), NOW);
  assert.deepEqual(room.data.pinned_ids, ['message-2']);
  const reloaded = new Room(ME, ID);
  reloaded.restore(room.snapshot(50), NOW);
  reloaded.take(change(37, 2, 3, { removed: true }), NOW);
  reloaded.take(change(37, 1, 4), NOW);
  assert.deepEqual(reloaded.data.pinned_ids, []);
});

test('a pin of what is not loaded shows', () => {
  const room = new Room(ME, ID);
  room.sync(page({ limited: true, from_seq: 90, last_seq: 90, messages: [message(90)] }), NOW);
  room.take(change(37, 50, 1), NOW);
  assert.deepEqual(room.data.pinned_ids, ['message-50']);
});

test('a page of history that is older than a live change does not undo it', () => {
  const room = new Room(ME, ID);
  room.sync(page({ limited: true, from_seq: 90, last_seq: 90, messages: [message(90)] }), NOW);
  room.ask();
  room.take(change(34, 50, 1, { content: { text: 'edited' } }), NOW);
  room.page([message(50)], { low: 50, high: 89 }, NOW);
  room.answered();
  assert.deepEqual(texts(room), ['edited', 'number 90']);
});

test('pages meet and become one stretch, which says what is before and after', () => {
  const room = new Room(ME, ID);
  room.sync(page({ limited: true, from_seq: 9, last_seq: 10, messages: [message(9), message(10)] }), NOW);
  room.page([message(3), message(4)], { low: 3, high: 4 }, NOW);
  assert.deepEqual([shown(room), shown(room, 3), shown(room, 6)], [[9, 10], [3, 4], undefined]);
  assert.deepEqual([room.span(3).has_before, room.span(3).has_after], [true, true]);
  room.page([message(7)], { low: 5, high: 8 }, NOW); // 5, 6 and 8 are gone from the server
  assert.deepEqual(shown(room), [3, 4, 7, 9, 10]);
  room.page([], { low: 0, high: 2 }, NOW);
  assert.deepEqual([room.span().has_before, room.span().has_after], [false, false]);
});

test('a page that is ahead of live frames does not show past a gap', () => {
  const room = filled(2);
  room.pending.set('message-4', message(4, { from: ME, to: BEN, state: 'sending' }));
  room.page([message(2), message(3), message(4, { from: ME, to: BEN })], { low: 2, high: 4 }, NOW);
  assert.deepEqual([shown(room), room.find('message-3'), room.pending.size], [[1, 2], undefined, 1]);
});

test('of what comes live the oldest go one day, and not while somebody reads what he has loaded', () => {
  const live = filled(5001);
  assert.deepEqual([live.messages.size, live.span().has_before, shown(live)[0]], [4001, true, 1001]);
  const read = new Room(ME, ID);
  read.sync(page({ limited: true, from_seq: 5000, last_seq: 5000, messages: [message(5000)] }), NOW);
  read.page(Array.from({ length: 4999 }, (_, at) => message(at + 1)), { low: 0, high: 4999 }, NOW);
  for (let seq = 5001; seq <= 5100; seq++) read.take(message(seq), NOW);
  assert.equal(shown(read)[0], 1);
});

test('a limited sync drops what may have changed unheard', () => {
  const room = filled(5);
  room.sync(page({ limited: true, after_seq: 2, from_seq: 9, last_seq: 9, messages: [message(9)] }), NOW);
  assert.deepEqual([shown(room), shown(room, 2), shown(room, 4)], [[9], [1, 2], undefined]);
  assert.equal(room.find('message-4'), undefined);
});

test('sync replaces older messages, unless ours is newer', () => {
  const room = filled(2);
  room.take(change(34, 1, 1, { content: { text: 'live' } }), NOW);
  const older = message(1, { change_seq: 0, content: { text: 'stale' } });
  room.sync(page({ last_seq: 2, after_seq: 2, change_seq: 1, changes: [older] }), NOW);
  assert.equal(texts(room)[0], 'live');
  const newer = message(1, { change_seq: 2, content: { text: 'newer' } });
  room.sync(page({ last_seq: 2, after_seq: 2, change_seq: 2, changes: [newer] }), NOW);
  assert.equal(texts(room)[0], 'newer');
});

test('pins of sync take the place of ours, unless ours are newer', () => {
  const room = filled(2);
  room.take(change(37, 1, 1), NOW);
  room.take(change(37, 2, 2), NOW);
  room.sync(page({ last_seq: 2, after_seq: 2, change_seq: 1, pinned_ids: ['message-1'] }), NOW);
  assert.deepEqual(room.data.pinned_ids, ['message-1', 'message-2']);
  room.sync(page({ last_seq: 2, after_seq: 2, change_seq: 3, pinned_ids: ['message-2'] }), NOW);
  assert.deepEqual(room.data.pinned_ids, ['message-2']);
});

test('what one has deleted for oneself does not come back by a late frame', () => {
  const room = filled(2);
  room.remove(['message-1'], true);
  room.page([message(1)], { low: 1, high: 1 }, NOW);
  assert.deepEqual(shown(room), [2]);
});

test('messages vanish by time, and those that are past it never come in', () => {
  const room = filled(1);
  room.take(message(2, { expires_at: NOW + 10 }), NOW);
  room.take(message(3, { expires_at: NOW - 1 }), NOW);
  assert.deepEqual([shown(room), room.nextExpiry], [[1, 2], NOW + 10]);
  assert.ok(room.expire(NOW + 10));
  assert.deepEqual([shown(room), room.data.last_message.seq, room.nextExpiry], [[1], 1, Infinity]);
});

test('below first_seq nothing is left', () => {
  const room = filled(5);
  room.trim(4);
  assert.deepEqual([shown(room), room.span().has_before], [[4, 5], false]);
});

test('unread counts what others say and one has not read; sending reads', () => {
  const room = filled(2);
  room.take(message(3, { content: { text: '@me', at_user_ids: [ME] } }), NOW);
  assert.deepEqual([room.data.unread_count, room.data.mentioned], [3, true]);
  room.take(change(32, 2, 1), NOW);
  assert.equal(room.data.unread_count, 2);
  room.read(1);
  assert.deepEqual([room.data.unread_count, room.data.mentioned], [1, true]);
  room.take(message(4, { from: ME, to: BEN }), NOW);
  assert.deepEqual([room.data.unread_count, room.data.mentioned, room.data.read_seq], [0, false, 4]);
});

test('what another device has read before it came here is not unread', () => {
  const room = filled(2);
  room.receipt(ME, 4, 4);
  room.take(message(3), NOW);
  room.take(message(4), NOW);
  assert.deepEqual([room.data.unread_count, room.data.read_seq], [0, 4]);
  room.take(message(5), NOW);
  assert.equal(room.data.unread_count, 1);
});

test('one\'s own message that was acked behind a gap is not left over when a limited sync passes it', () => {
  const room = filled(2);
  const own = message(5, { from: ME, to: BEN });
  room.pending.set(own.message_id, { ...own, state: 'sent' });
  room.take(own, NOW);
  room.sync(page({ limited: true, after_seq: 2, from_seq: 9, last_seq: 9, messages: [message(9)] }), NOW);
  room.goOn(NOW);
  assert.deepEqual([...room.pending.keys()], []);
});

test('one\'s own messages say how far they have come', () => {
  const room = new Room(ME, ID);
  for (const seq of [1, 2, 3]) room.take(message(seq, { from: ME, to: BEN }), NOW);
  room.receipt(BEN, 0, 2);
  room.receipt(BEN, 1, 0);
  assert.deepEqual(room.span().messages.map(({ state }) => state), ['read', 'delivered', 'sent']);
  room.take(message(4), NOW); // who writes has read
  assert.deepEqual(room.span().messages.map(({ state }) => state), ['read', 'read', 'read', undefined]);
});

test('what changes is a new object, and what does not is the same', () => {
  const room = filled(2);
  const [first, second] = room.span().messages;
  const before = room.data;
  room.take(change(34, 1, 1, { content: { text: 'edited' } }), NOW);
  assert.notEqual(room.span().messages[0], first);
  assert.equal(room.span().messages[1], second);
  assert.notEqual(room.data, before);
  assert.equal(first.content.text, 'number 1');
});

test('what one has set stands over what the server says until it has heard', () => {
  const room = filled(1);
  room.wanted = { draft: 'hello' };
  room.sync(page({ last_seq: 1, after_seq: 1, draft: 'old', muted: true }), NOW);
  assert.deepEqual([room.data.draft, room.data.muted], ['hello', true]);
  room.wanted = {};
  room.settings({ pinned: true, muted: false, draft: '' });
  assert.deepEqual([room.data.draft, room.data.muted, room.data.pinned], [undefined, false, true]);
});

test('hidden until something is said after it, whichever comes first', () => {
  const room = filled(2);
  room.take(message(3), NOW);
  room.settings({ pinned: false, muted: false, hidden: true, hide_seq: 2 });
  assert.equal(room.data.hidden, undefined);
  room.settings({ pinned: false, muted: false, hidden: true, hide_seq: 4 });
  room.take(message(4), NOW);
  assert.equal(room.data.hidden, true);
  room.take(message(5), NOW);
  assert.equal(room.data.hidden, undefined);
});

test('a group that one has left says so, until one joins again', () => {
  const room = new Room(ME, 'group:group_1');
  const event = (seq, event, user_ids) => ({
    type: 2, message_id: `m${seq}`, from: BEN, group_id: 'group_1', msg_type: 3, timestamp: 1, seq,
    conversation_id: 'group:group_1', content: { event, group_id: 'group_1', user_id: BEN, user_ids, name: 'Tea' },
  });
  room.take(event(1, 'group.created', [ME]), NOW);
  assert.deepEqual([room.data.group.name, room.data.left, room.data.unread_count], ['Tea', undefined, 0]);
  room.take(event(2, 'group.left', [ME]), NOW);
  assert.equal(room.data.left, true);
  room.take(event(3, 'group.joined', [ME]), NOW);
  assert.equal(room.data.left, undefined);
});

test('a snapshot and what was live are the same', () => {
  const room = filled(5);
  room.isKnown = true;
  room.take(change(34, 5, 1, { content: { text: 'edited' } }), NOW);
  const other = new Room(ME, ID);
  other.restore(structuredClone(room.snapshot(2)), NOW);
  assert.deepEqual([shown(other), other.data, other.span().has_before], [[4, 5], room.data, true]);
  const whole = new Room(ME, ID);
  whole.restore(structuredClone(room.snapshot(10)), NOW);
  assert.deepEqual([shown(whole), whole.span().has_before], [[1, 2, 3, 4, 5], false]);
});

test('what has vanished since it was kept is not the last message of a reload, either', () => {
  const room = filled(2);
  room.isKnown = true;
  room.take(message(3, { expires_at: NOW + 10 }), NOW);
  const other = new Room(ME, ID);
  other.restore(structuredClone(room.snapshot(10)), NOW + 10);
  assert.deepEqual([shown(other), other.data.last_message.seq, other.data.unread_count], [[1, 2], 2, 2]);
});
