/** The order in which an outbox sends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from './fakes.js';
import { Outbox } from '../../clients/js/outbox.js';

/** An outbox that is connected, the names that it has sent, and the uploads that it has begun. */
function open() {
  const sent = [];
  const uploads = new Map();
  const outbox = new Outbox({
    transmit: (frame) => sent.push(frame.message_id) > 0,
    upload: (_, { file_name }) => new Promise((resolve, reject) => { uploads.set(file_name, { resolve, reject }); }),
    onChange: () => {}, onProgress: () => {}, onStored: () => {}, onLate: () => {},
  });
  outbox.open();
  const add = (name, conversation_id, file = { blob: null, file_name: name, more: {} }) => outbox.add({
    message_id: name, conversation_id, frame: { message_id: name, msg_type: file ? 7 : 0, content: {} }, file,
  });
  return { outbox, sent, uploads, add };
}

test('files of a conversation are sent in their order, texts and other conversations do not wait', async () => {
  const { outbox, sent, uploads, add } = open();
  add('film', 'here');
  add('photo', 'here');
  add('other', 'there');
  add('text', 'here', null);
  assert.deepEqual([sent, [...uploads.keys()]], [['text'], ['film', 'photo']]);
  uploads.get('photo').resolve({});
  await settle();
  assert.deepEqual([sent, [...uploads.keys()]], [['text'], ['film', 'photo', 'other']]);
  uploads.get('other').resolve({});
  await settle();
  assert.deepEqual(sent, ['text', 'other']);
  uploads.get('film').resolve({});
  await settle();
  assert.deepEqual(sent, ['text', 'other', 'film', 'photo']);
  outbox.close();
});

test('a file that is refused holds up no other', async () => {
  const { outbox, sent, uploads, add } = open();
  add('large', 'here');
  add('photo', 'here');
  uploads.get('photo').resolve({});
  await settle();
  uploads.get('large').reject(Object.assign(new Error('too large'), { code: 41301 }));
  await settle();
  assert.deepEqual(sent, ['photo']);
  outbox.close();
});
