/**
 * Names in a group's messages: who can be named with @, and who is named by a text.
 */
import { html, useEffect, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { lastNews } from '/group_view.js';
import { Avatar } from '/ui.js';
import { t } from '/texts.js';
import { findWord, OPTIONS_MAX } from '/completion.js';

const PAGES_MAX = 40; // 2,000 members, as many as a group has, at 50 a page
const MENTIONS_MAX = 100; // as content.text.json
const ALL = 'all';

/** @type {Map<string, {news: number, members: Promise<object[]>}>} by group_id, and as of its last event */
const cached = new Map();

const newsOf = (group_id) => lastNews(`group:${group_id}`);

async function fetchMembers(group_id) {
  const members = [];
  let query = {};
  for (let page = 0; page < PAGES_MAX && query; page++) {
    const answer = await parley.request('GET', `/api/groups/${group_id}/members`, { query });
    members.push(...answer.members);
    query = answer.next_cursor ? { cursor: answer.next_cursor } : null;
  }
  return members;
}

/**
 * All members of a group, fetched once, and anew when something has happened to it.
 * @param {string} group_id
 * @returns {Promise<{user_id: string, username: string, nickname: string, role: string}[]>} rejects
 *   with a ParleyError; the next call tries again
 */
export function loadMembers(group_id) {
  const news = newsOf(group_id);
  const known = cached.get(group_id);
  if (known?.news === news) return known.members;
  const members = fetchMembers(group_id);
  cached.set(group_id, { news, members });
  members.catch(() => cached.get(group_id)?.members === members && cached.delete(group_id));
  return members;
}

/**
 * A source of completion (see completion.js) for the members of a group, and those members.
 * @param {string | undefined} group_id undefined: a private conversation, where nobody is named
 * @param {boolean} wanted ask for the members only once somebody has typed an @
 */
export function useMentions(group_id, wanted) {
  const [members, setMembers] = useState([]);
  const news = group_id && wanted ? newsOf(group_id) : 0;
  useEffect(() => {
    let gone = false;
    if (group_id && wanted) loadMembers(group_id).then((all) => gone || setMembers(all), () => {});
    return () => { gone = true; };
  }, [group_id, wanted, news]);
  const others = members.filter((member) => member.user_id !== parley.me?.user_id);
  const role = members.find((member) => member.user_id === parley.me?.user_id)?.role;
  const may_all = role === 'owner' || role === 'admin';
  const source = {
    name: '@',
    label: t('mention_list'),
    find: (before) => group_id && findWord(before, '@', /^$|[^A-Za-z0-9_.-]/, /^\S{0,40}$/u),
    options: (query) => {
      const is_all = may_all && ALL.startsWith(query.toLowerCase());
      return [...matches(others, query).slice(0, OPTIONS_MAX - (is_all ? 1 : 0)), ...(is_all ? [all()] : [])];
    },
  };
  return { members: others, may_all, source };
}

function all() {
  return { key: ALL, label: '@all', detail: t('mention_all'), insert: '@all ', icon: '@' };
}

function matches(members, query) {
  const word = query.toLowerCase();
  const fits = (member) => member.username.startsWith(word) || member.nickname.toLowerCase().startsWith(word)
    || member.nickname.toLowerCase().split(/\s+/).some((part) => part.startsWith(word));
  return members.filter(fits).map((member) => ({
    key: member.user_id,
    label: member.nickname,
    detail: `@${member.username}`,
    insert: `@${member.nickname} `,
    icon: html`<${Avatar} id=${member.user_id} name=${member.nickname} src=${member.avatar} size=${24} />`,
    member,
  }));
}

/** Does a text hold @name as a whole word? */
function names(text, name) {
  const sign = `@${name.toLowerCase()}`;
  const where = text.toLowerCase();
  for (let at = where.indexOf(sign); at >= 0; at = where.indexOf(sign, at + 1)) {
    const next = where.slice(at + sign.length, at + sign.length + 1);
    const before = where.slice(Math.max(0, at - 1), at);
    if (!/[a-z0-9_-]/.test(next) && !/[a-z0-9_.-]/.test(before)) return true;
  }
  return false;
}

/**
 * Who is named by a text, ready for content.text.
 * @param {string} text
 * @param {{user_id: string, name: string}[]} chosen from the list, which tells people of one name apart
 * @param {{user_id: string, username: string, nickname: string}[]} members
 * @param {boolean} may_all
 * @returns {{at_user_ids?: string[], at_all?: boolean}}
 */
export function mentionsIn(text, chosen, members, may_all) {
  const ids = chosen.filter((one) => names(text, one.name)).map((one) => one.user_id);
  const taken = new Set(chosen.map((one) => one.name));
  for (const member of members) {
    const is_nicknamed = !taken.has(member.nickname) && names(text, member.nickname);
    if (is_nicknamed || names(text, member.username)) ids.push(member.user_id);
  }
  const at_user_ids = [...new Set(ids)].slice(0, MENTIONS_MAX);
  return {
    ...(at_user_ids.length ? { at_user_ids } : {}),
    ...(may_all && names(text, ALL) ? { at_all: true } : {}),
  };
}
