/** Where the words of a search are marked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlighted } from '../../clients/web/highlight.js';

/** The parts as one text, what is marked in brackets. */
const shown = (text, highlights) => highlighted(text, highlights)
  .map(({ text: part, marked }) => (marked ? `[${part}]` : part)).join('');

test('counts in code points, not in what JavaScript counts', () => {
  assert.equal(shown('🫖👍 tea, 茶馆', [{ start: 3, length: 3 }, { start: 8, length: 2 }]), '🫖👍 [tea], [茶馆]');
});

test('a text without a mark is shown as it is', () => {
  assert.equal(shown('tea', []), 'tea');
  assert.deepEqual(highlighted('', []), []);
});

test('of a long text stands what is around its first mark', () => {
  const long = `${'a'.repeat(500)}tea${'b'.repeat(500)}`;
  const text = shown(long, [{ start: 500, length: 3 }, { start: 900, length: 1 }]);
  assert.match(text, /^…a{40}\[tea\]b{197}…$/);
});

test('a mark that is longer than what is shown ends with it', () => {
  const text = shown('a'.repeat(1000), [{ start: 0, length: 1000 }]);
  assert.match(text, /^\[a{240}\]…$/);
});
