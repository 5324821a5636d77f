/** Messages in one line: for the list, quotes, notifications, and what screen readers are told. */
import { parley, nameOf } from '/client.js';
import { locale, t } from '/texts.js';

const MAX_SUMMARY = 200; // characters: more than any line shows
const MAX_CALLED = 5; // names in a sentence; of more only the number is said

const KINDS = {
  4: 'kind_image', 5: 'kind_voice', 6: 'kind_video', 7: 'kind_file', 8: 'kind_location', 9: 'kind_custom',
};

/** Names in a row: "Anna, Ben and Chloe". @param {string[]} names */
export function listNames(names) {
  return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(names);
}

const own = (user_id) => user_id === parley.me?.user_id;

// "You" where a sentence is about oneself.
const called = (user_id) => (own(user_id) ? t('system_you') : nameOf(user_id));
const whom = (user_id) => (own(user_id) ? t('system_you_object') : nameOf(user_id));

function calledAll(ids) {
  if (ids.length <= MAX_CALLED) return listNames(ids.map(whom));
  const names = ids.slice(0, MAX_CALLED).map(whom).join(', ');
  return t('msg_people_and_more', { names, count: ids.length - MAX_CALLED });
}

function newOwner(content) {
  const owner = content.roles?.find(({ role }) => role === 'owner');
  return owner ? ` ${t('system_owner', { name: whom(owner.user_id) })}` : '';
}

function roleText({ user_id, roles = [] }) {
  const key = { owner: 'system_owner', admin: 'system_admin', member: 'system_member' };
  // Who hands it over becomes an admin: that is no news.
  const owners = roles.filter(({ role }) => role === 'owner');
  const told = owners.length ? owners : roles;
  const by = called(user_id);
  return told.map((one) => t(key[one.role] ?? 'system_member', { name: whom(one.user_id), by })).join(' ');
}

/**
 * A length of time in words: "1 hour", "30 seconds".
 * @param {number} seconds
 */
export function timeSpan(seconds) {
  const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, size] = units.find(([, length]) => seconds % Number(length) === 0);
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / size);
}

/**
 * What happened to a conversation, as a sentence. Events that we don't know are told, too.
 * @param {{event: string, user_id?: string, user_ids?: string[], name?: string, roles?: any[],
 *   seconds?: number}} content
 * @returns {string}
 */
export function systemText(content) {
  const { event, user_id, user_ids = [], name = '' } = content;
  const by = called(user_id ?? '');
  const others = user_ids.filter((id) => id !== user_id);
  const names = others.length ? calledAll(others) : '';
  switch (event) {
    case 'group.created':
      return t(names ? 'system_created_with' : 'system_created', { by, name, names });
    case 'group.joined':
      return t(names ? 'system_added' : 'system_joined', { by, names });
    case 'group.left':
      return t(names ? 'system_removed' : 'system_left', { by, names }) + newOwner(content);
    case 'group.role':
      return roleText(content);
    case 'conversation.timer':
      if (!content.seconds) return t('system_timer_off', { by });
      return t('system_timer', { by, time: timeSpan(content.seconds) });
    default:
      return t('system_other', { event: String(event) });
  }
}

/** The sentence that stands where a message was taken back. */
export function recalledText(message) {
  return own(message.from) ? t('msg_recalled_own') : t('msg_recalled', { name: nameOf(message.from) });
}

/**
 * A message in one line of plain text, without its author.
 * @param {object} message
 * @returns {string}
 */
export function summaryOf(message) {
  const { content, msg_type } = message;
  if (message.recalled_at) return recalledText(message);
  if (msg_type === 3) return systemText(content);
  if (msg_type === 0) return String(content.text ?? '').slice(0, MAX_SUMMARY).replace(/\s+/g, ' ').trim();
  const kind = t(KINDS[msg_type] ?? 'kind_custom');
  if (msg_type === 7) return `${kind}: ${content.file_name ?? ''}`;
  if (msg_type === 8) return `${kind}: ${content.title ?? ''}`;
  return kind;
}
