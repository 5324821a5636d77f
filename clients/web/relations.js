/** How one stands to others: friends, friend requests, blocks. Kept as long as the page is open, and equal to
 *  what other devices do by the friend events; what others need to know of a person is asked here. */

import { useEffect, useReducer } from '/vendor/preact.js';
import { parley } from '/client.js';
import { Pages } from '/pages.js';
import { go } from '/router.js';
import { t } from '/texts.js';
import { closeOverlays, toast } from '/ui.js';

export const friends = new Pages('/api/friends', 'friends', 'user_id', { limit: 100 });
const requests = (direction) => new Pages('/api/friend_requests', 'requests', 'request_id', { direction });
export const incoming = requests('incoming');
export const outgoing = requests('outgoing');
export const blocks = new Pages('/api/blocks', 'blocks', 'user_id', { limit: 100 });
const all = [friends, incoming, outgoing, blocks];

let ownerId = null; // whose these are: somebody else may log in on the same page

/** Render again whenever something of the four lists changes. */
export function useRelations() {
  const [, render] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    all.forEach((pages) => pages.listeners.add(render));
    render();
    return () => all.forEach((pages) => pages.listeners.delete(render));
  }, []);
}

const byUser = (pages, user_id) => pages.items.find((item) => item.user_id === user_id);

/** The friend of that user_id, or undefined. */
export const findFriend = (user_id) => byUser(friends, user_id);
/** The friend request from that user_id, or undefined. */
export const findIncoming = (user_id) => byUser(incoming, user_id);
/** The friend request to that user_id, or undefined. */
export const findOutgoing = (user_id) => byUser(outgoing, user_id);
/** Does one block that user_id? */
export const isBlocked = (user_id) => Boolean(byUser(blocks, user_id));
/** How many wait for an answer: the badge at the rail. */
export const incomingCount = () => incoming.total ?? 0;

/**
 * What one calls somebody of whom names are at hand: the remark, else the nickname, else the username.
 * @param {{user_id: string, nickname?: string, username?: string}} person
 */
export function calledOf(person) {
  return findFriend(person.user_id)?.remark || person.nickname || person.username || '…';
}

const encoded = (id) => encodeURIComponent(id);
const put = (item) => (items) => [item, ...items];

/** Ask to be friends. Returns the request; `status` may be accepted already. @throws {ParleyError} */
export async function ask(user_id, greeting) {
  const request = await parley.request('POST', '/api/friend_requests', {
    body: greeting ? { user_id, greeting } : { user_id } });
  if (request.status === 'accepted') await afterAccept();
  else if (!findOutgoing(user_id)) outgoing.change(put(request));
  return request;
}

/** Accept a request. @throws {ParleyError} 40401: it was taken back */
export async function accept(request) {
  await answer(request, 'accept');
  await afterAccept();
}

/** Refuse a request; the other is not told. @throws {ParleyError} */
export async function reject(request) {
  await answer(request, 'reject');
}

async function answer(request, verb) {
  try {
    await parley.request('POST', `/api/friend_requests/${encoded(request.request_id)}/${verb}`);
  } catch (error) {
    if (error.code === 40401) incoming.remove(request.request_id);
    throw error;
  }
  incoming.remove(request.request_id);
}

/** Take one's own request back. @throws {ParleyError} */
export async function takeBack(request) {
  try {
    await parley.request('DELETE', `/api/friend_requests/${encoded(request.request_id)}`);
  } catch (error) {
    if (error.code !== 40401) throw error; // answered meanwhile: there is nothing to take back
  }
  outgoing.remove(request.request_id);
}

/** End a friendship, for both. @throws {ParleyError} */
export async function unfriend(user_id) {
  await parley.request('DELETE', `/api/friends/${encoded(user_id)}`);
  friends.remove(user_id);
}

/** Call a friend by another name; '' removes it. @throws {ParleyError} */
export async function setRemark(user_id, remark) {
  await parley.request('PATCH', `/api/friends/${encoded(user_id)}`, { body: { remark } });
  friends.change((items) => items.map((friend) => (
    friend.user_id === user_id ? { ...friend, remark: remark || null } : friend)));
}

/** Block somebody. @throws {ParleyError} */
export async function block(user_id) {
  const blocked = await parley.request('POST', '/api/blocks', { body: { user_id } });
  if (!isBlocked(user_id)) blocks.change(put(blocked));
  incoming.change((items) => items.filter((request) => request.user_id !== user_id));
}

/** Let somebody be heard again. @throws {ParleyError} */
export async function unblock(user_id) {
  await parley.request('DELETE', `/api/blocks/${encoded(user_id)}`);
  blocks.remove(user_id);
}

async function afterAccept() {
  await Promise.all([friends, incoming, outgoing].map((pages) => pages.reload()));
  await friends.loadAll();
}

/** Take everything in anew: other devices may have changed it while this one was away. */
async function refresh() {
  await Promise.all(all.map((pages) => pages.reload()));
  await Promise.all([friends, blocks].map((pages) => pages.loadAll()));
}

function show() {
  closeOverlays();
  go('#/people');
}

async function announce(user_id) {
  await incoming.reload();
  const request = findIncoming(user_id);
  if (!request) return; // taken back in the same moment
  toast(t('request_came', { name: calledOf(request) }),
    { action: { label: t('request_show'), onSelect: show } });
}

function onFriend({ event, user_id, direction }) {
  if (event === 'friend.requested' && direction === 'outgoing') outgoing.reload();
  if (event === 'friend.requested' && direction === 'incoming') announce(user_id);
  if (event === 'friend.accepted') afterAccept();
  if (event === 'friend.removed') friends.remove(user_id);
}

function onPresence({ user_id, online, last_seen }) {
  if (!findFriend(user_id)) return;
  friends.change((items) => items.map((friend) => (
    friend.user_id === user_id ? { ...friend, online, last_seen } : friend)));
}

function onChange(topic) {
  if (topic !== 'me' && topic !== 'state') return;
  const user_id = parley.me?.user_id ?? null;
  if (user_id !== ownerId) {
    ownerId = user_id;
    all.forEach((pages) => pages.reset());
  }
  if (topic === 'state' && parley.state === 'live') refresh();
}

parley.on('change', onChange);
parley.on('friend', onFriend);
parley.on('presence', onPresence);
