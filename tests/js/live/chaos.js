/**
 * Two people on three devices write, edit, react, recall, pin and read, while their lines are cut at random moments,
 * devices die and go on with what their storage has, and (by who started this: tests/system/test_js.py) services are
 * killed. At the end all devices show what the server has: nothing lost, nothing doubled, in order.
 *
 *     PARLEY_URL=http://127.0.0.1:8080 node tests/js/live/chaos.js [seed] [steps]
 *
 * It prints a line for each tenth of its steps, and ends with status 0 when all is well.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Parley } from '../../../clients/js/parley.js';
import { Proxy, randomFrom } from './proxy.js';
import { device, insist, memory, PATIENCE_MS, person, until, URL_OF_SERVER } from './people.js';

const seed = Number(process.argv[2]) || Math.floor(Math.random() * 2 ** 31);
const steps = Number(process.argv[3]) || 400;
const random = randomFrom(seed);
const EMOJIS = ['👍', '🎉', '❤️'];
/** What a change may be refused with: it was recalled meanwhile, or nobody knows what became of it. */
const FINE = new Set([0, 40301, 40401, 40903, 42901, 50001, 50301]);

/** Deleted for oneself, or asked for: user_id and message_id. */
const removed = new Set();

console.log(`seed ${seed}`);

async function online(make) {
  const proxy = await Proxy.open(URL_OF_SERVER);
  const storage = memory();
  const parley = await make({ url: proxy.url, storage });
  const one = { parley, proxy, storage, sent: [], faults: [], lines: 0, isDead: false };
  watch(one);
  await parley.start();
  return one;
}

function watch(one) {
  const { parley } = one;
  const seen = new Set();
  for (const name of ['message', 'missed']) {
    parley.on(name, ({ message_id }) => {
      if (seen.has(message_id)) one.faults.push(`${message_id} was told twice`);
      seen.add(message_id);
    });
  }
  parley.on('change', (topic) => {
    if (topic === 'state' && parley.state === 'live') one.lines += 1;
    if (topic === 'state' && parley.state === 'offline') sleep(20 + random.below(400)).then(() => parley.poke());
    const messages = parley.span(topic)?.messages;
    if (messages && !isInOrder(messages)) one.faults.push('out of order');
  });
  parley.on('ended', (reason) => one.faults.push(`ended: ${reason}`));
}

/** The device dies, and another goes on with what storage had at that moment. */
async function reload(one) {
  one.isDead = true;
  await new Promise(setImmediate); // what was said before has been written
  one.parley.stop();
  const storage = memory();
  for (const [key, value] of one.storage.entries) storage.entries.set(key, structuredClone(value));
  one.storage = storage;
  one.parley = new Parley({ url: one.proxy.url, storage });
  watch(one);
  if (!await one.parley.resume()) one.faults.push('there was no session to go on with');
  one.isDead = false;
  await one.parley.start();
}

function isInOrder(messages) {
  const seqs = messages.map(({ seq }) => seq);
  const ids = new Set(messages.map(({ message_id }) => message_id));
  return ids.size === messages.length && seqs.every((seq, at) => at === 0 || seq > seqs[at - 1]);
}

function say(one, id, text) {
  const { message_id } = one.parley.send(id, { text });
  one.sent.push([id, message_id]);
}

function remove(parley, message) {
  removed.add(`${parley.me.user_id} ${message.message_id}`);
  return parley.remove(message);
}

/** One step of one device; what is asked for is not waited for. */
function act(one, id) {
  if (one.isDead) return;
  const { parley } = one;
  const known = parley.span(id)?.messages.filter(({ msg_type, recalled_at }) => msg_type === 0 && !recalled_at) ?? [];
  const any = known.length && random.pick(known.slice(-20));
  const mine = known.filter(({ from }) => from === parley.me.user_id);
  const own = mine.length && random.pick(mine.slice(-20));
  const dice = random.next();
  const doing = () => {
    if (dice < 0.55 || !any) return say(one, id, `${one.sent.length}`);
    if (dice < 0.65) return own && parley.edit(own, { text: `edited ${random.below(1000)}` });
    if (dice < 0.8) return parley.react(any, random.pick(EMOJIS));
    if (dice < 0.85) return parley.unreact(any, random.pick(EMOJIS));
    if (dice < 0.89) return own && parley.recall(own);
    if (dice < 0.92) return random.next() < 0.5 ? parley.pin(any) : parley.unpin(any);
    if (dice < 0.94) return remove(parley, any);
    if (dice < 0.96) return parley.setConversation(id, { muted: random.next() < 0.5, draft: `${random.below(9)}` });
    if (dice < 0.97) return parley.hide(id);
    if (dice < 0.98) return reload(one);
    return parley.read(id, any.seq);
  };
  Promise.resolve(doing()).catch((fault) => {
    if (!FINE.has(fault.code)) one.faults.push(`${fault.code} ${fault.message}`);
  });
}

async function cutNowAndThen(all, isOver) {
  while (!isOver()) {
    await sleep(100 + random.below(700));
    const { proxy } = random.pick(all);
    proxy.cut(random.next() < 0.5 ? 0 : random.below(3000));
  }
}

const byEmoji = (a, b) => (a[0] < b[0] ? -1 : 1);

/** What somebody would see. */
function view(parley, id) {
  const { pinned_ids, unread_count, read_seq, last_seq, muted, draft, hidden, peer } = parley.conversations.get(id);
  const messages = parley.span(id).messages.map((one) => [
    one.seq, one.message_id, one.from, one.content, Boolean(one.edited_at), Boolean(one.recalled_at),
    (one.reactions ?? []).map(({ emoji, user_ids, count }) => [emoji, [...user_ids].sort(), count]).sort(byEmoji),
  ]);
  const peers = peer && [peer.read_seq ?? 0, peer.delivered_seq ?? 0];
  return { pinned: [...pinned_ids].sort(), unread_count, read_seq, last_seq, muted, draft, hidden, peers, messages };
}

async function loadAll(parley, id) {
  await insist(() => parley.loadNewest(id));
  for (let span; (span = parley.span(id)).has_before; ) await insist(() => parley.loadBefore(id, span.messages[0].seq));
}

async function agree(one, fresh, id) {
  await loadAll(fresh, id);
  await loadAll(one.parley, id);
  const differs = () => {
    try {
      assert.deepEqual(view(one.parley, id), view(fresh, id));
      return null;
    } catch (fault) {
      return fault;
    }
  };
  // What was told last may come to either of the two last.
  const agreed = [one.parley, fresh].map((parley) => until(parley, () => !differs(), `as the server has it: ${id}`));
  await Promise.any(agreed).catch((fault) => { throw differs() ?? fault; });
}

const ada = await online((options) => person('ada', options));
const ben = await online((options) => person('ben', options));
const ada2 = await online((options) => device(ada.parley, options));
const all = [ada, ben, ada2];
const group = await ada.parley.request('POST', '/api/groups', { body: { name: 'Tea' } });
await ben.parley.request('POST', `/api/groups/${group.group_id}/join`);
const ids = [`group:${group.group_id}`, ada.parley.open({ user_id: ben.parley.me.user_id })];
for (const { parley } of all) await until(parley, () => parley.conversations.has(ids[0]), 'the group');

let isOver = false;
const cutting = cutNowAndThen(all, () => isOver);
for (let step = 0; step < steps; step++) {
  act(random.pick(all), random.pick(ids));
  await sleep(random.below(30));
  if (step % Math.ceil(steps / 10) === 0) console.log(`step ${step}`);
}
isOver = true;
await cutting;
for (const { proxy } of all) proxy.cut(); // nothing that has been cut for later is left
for (const one of all) {
  await until(one.parley, () => one.parley.state === 'live', 'all are there', 3 * PATIENCE_MS);
}
for (const one of all) {
  for (const id of ids) {
    say(one, id, 'the last');
    await until(one.parley, () => one.parley.pending(id).length === 0, 'all is sent', 3 * PATIENCE_MS);
  }
}
for (const [one, name] of [[ada, 'ada'], [ada2, 'ada, 2'], [ben, 'ben']]) {
  const fresh = await device(one.parley);
  await fresh.start();
  for (const id of ids) {
    await agree(one, fresh, id);
    const there = view(fresh, id).messages.map(([, message_id]) => message_id);
    assert.equal(new Set(there).size, there.length, 'nothing is there twice');
    console.log(`${name}: ${there.length} messages in ${id.split(':')[0]}`);
  }
  for (const [id, message_id] of one.sent) {
    const isGone = removed.has(`${one.parley.me.user_id} ${message_id}`);
    assert.ok(isGone || fresh.find(id, message_id), `${message_id} is lost`);
  }
  assert.deepEqual(one.faults, [], name);
  fresh.stop();
}
for (const { parley, proxy } of all) {
  parley.stop();
  proxy.close();
}
const lines = all.map((one) => one.lines).join(', ');
console.log(`all devices show what the server has; they were live so many times: ${lines}`);
process.exit(0);
