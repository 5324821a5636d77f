import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEmojiOnly, linkTarget, parseText } from '../../clients/web/richtext.js';

const kinds = (text, names) => parseText(text, names).map(({ kind, text: part }) => `${kind}:${part}`);

test('the parts of a text are the text again', () => {
  for (const text of ['', 'a', '/ask https://x.org/?q=(1) @anna, and @ben!', '@anna@anna', 'http://', '@', ' @Anna ']) {
    assert.equal(parseText(text, ['anna', 'ben']).map((part) => part.text).join(''), text);
  }
});

test('only http and https are links', () => {
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'ftp://x.org', 'file:///etc/passwd', 'http://',
    'JaVaScRiPt:alert(1)//http', 'vbscript:x', 'blob:https', 'https:x', 'java\nscript:alert(1)']) {
    assert.deepEqual(parseText(text).filter((part) => part.kind === 'link'), [], text);
  }
  assert.equal(linkTarget('javascript:alert(1)'), null);
  assert.equal(linkTarget(`https://x.org/${'a'.repeat(3000)}`), null);
});

test('a link ends before the punctuation of its sentence', () => {
  assert.deepEqual(kinds('see https://x.org/a.'), ['text:see ', 'link:https://x.org/a', 'text:.']);
  assert.deepEqual(kinds('(https://x.org/a_(b)).'), ['text:(', 'link:https://x.org/a_(b)', 'text:).']);
  assert.deepEqual(kinds('看https://x.org/路。好'), ['text:看', 'link:https://x.org/路', 'text:。好']);
  assert.deepEqual(kinds('<https://x.org>'), ['text:<', 'link:https://x.org', 'text:>']);
  assert.deepEqual(kinds('"https://x.org/"onmouseover="alert(1)"').slice(0, 2), ['text:"', 'link:https://x.org/']);
});

test('a name is marked where it is called, the longest one first', () => {
  assert.deepEqual(kinds('@Anna Lee, @anna and x@anna', ['Anna', 'Anna Lee']),
    ['name:@Anna Lee', 'text:, ', 'name:@anna', 'text: and x@anna']);
  assert.deepEqual(kinds('@annabel', ['anna']), ['text:@annabel']);
});

test('a command stands at the beginning', () => {
  assert.deepEqual(kinds('/roll 2d6'), ['command:/roll', 'text: 2d6']);
  assert.deepEqual(kinds('a /roll'), ['text:a /roll']);
  assert.deepEqual(kinds('/usr/bin'), ['text:/usr/bin']);
});

test('a few emojis and nothing else are large', () => {
  for (const text of ['👍', '👨‍👩‍👧‍👦', '🇨🇭 🇨🇳', '❤️', '👍🏽👍🏽', '1️⃣']) assert.ok(isEmojiOnly(text), text);
  for (const text of ['', ' ', '12', '#', 'a👍', '👍👍👍👍👍👍', '\u200d']) assert.ok(!isEmojiOnly(text), text);
});

test('a text that was made to be slow is quick', () => {
  const began = performance.now();
  for (const piece of ['@', 'https://', ')', 'https://x.org/))))', '@a', '👍', '\u200d']) {
    const text = piece.repeat(Math.ceil(10000 / piece.length));
    parseText(text, ['a', 'anna']);
    isEmojiOnly(text);
  }
  assert.ok(performance.now() - began < 2000);
});

test('no text takes longer than a moment, whatever somebody has put together', () => {
  const names = Array.from({ length: 300 }, (_, n) => `${'x'.repeat(30)}${n}`);
  const began = performance.now();
  assert.ok(!isEmojiOnly(`${'😀'.repeat(31)}x`));
  assert.ok(!isEmojiOnly(`${'⌚\ufe0f\u200d'.repeat(21)}x`));
  for (const text of ['@'.repeat(1500), ' @x'.repeat(500), `http://a${')'.repeat(1490)}`]) parseText(text, names);
  const ms = performance.now() - began;
  assert.ok(ms < 1000, `${ms} ms`);
});
