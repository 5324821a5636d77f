import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AROUND, MAX_ROWS, groupByDay, windowAround, windowIndices } from '../../clients/web/rows.js';

const MINUTE = 60000;
const DAY = 24 * 60 * MINUTE;
const NOON = new Date(2026, 10, 21, 12).getTime();

/** Messages 1 to count, every second seq. */
const some = (count) => Array.from({ length: count }, (_, at) => ({ seq: 2 * at + 2, from: 'a', timestamp: NOON, msg_type: 0 }));
const span = (count, more = {}) => ({ messages: some(count), has_before: false, has_after: false, ...more });

test('a window holds what is visible and as much again on either side', () => {
  const whole = span(1000);
  const [start, end] = windowIndices(whole.messages, windowAround(whole, 500, 510), false);
  assert.deepEqual([start, end], [500 - AROUND, 511 + AROUND]);
});

test('at the ends of a conversation a window is open to what comes', () => {
  assert.deepEqual(windowAround(span(10), 0, 9), { from: -Infinity, to: Infinity });
  assert.deepEqual(windowAround(span(10, { has_before: true, has_after: true }), 0, 9), { from: 2, to: 20 });
  assert.deepEqual(windowAround(span(0), 0, -1), { from: -Infinity, to: Infinity });
});

test('a window never holds more than so many rows, and follows the end when that is looked at', () => {
  const all = { from: -Infinity, to: Infinity };
  assert.deepEqual(windowIndices(some(1000), all, true), [1000 - MAX_ROWS, 1000]);
  assert.deepEqual(windowIndices(some(1000), all, false), [0, MAX_ROWS]);
});

test('a window stays where it is when older messages come', () => {
  const before = span(100, { has_before: true });
  const range = windowAround(before, 80, 90);
  const older = some(50).map((message) => ({ ...message, seq: message.seq - 100 }));
  const [start] = windowIndices([...older, ...before.messages], range, false);
  assert.equal(start, 50 + windowIndices(before.messages, range, false)[0]);
});

test('a run is of one person, of one day, and of some minutes', () => {
  const at = (seq, from, time, more) => ({ seq, from, timestamp: NOON + time, msg_type: 0, ...more });
  const days = groupByDay([
    at(1, 'a', 0), at(2, 'a', MINUTE), at(3, 'b', MINUTE), at(4, 'b', 30 * MINUTE), at(5, 'b', DAY), at(6, 'b', DAY),
    at(7, 'b', DAY, { msg_type: 3 }), at(8, 'b', DAY),
  ], 6);
  const signs = days.map(({ day, rows }) => [day, rows.map(({ first, last, unread }) =>
    `${first ? 'first' : ''}${last ? 'last' : ''}${unread ? ' unread' : ''}`)]);
  assert.deepEqual(signs, [
    ['2026-11-21', ['first', 'last', 'firstlast', 'firstlast']],
    ['2026-11-22', ['firstlast', 'firstlast unread', 'firstlast', 'firstlast']],
  ]);
});
