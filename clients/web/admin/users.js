/** Accounts: found by the beginning of a username, by role and by state. */
import { html, useEffect, useMemo, useRef } from '/vendor/preact.js';
import { t } from '/texts.js';
import { Avatar, Empty, Field } from '/ui.js';
import { More, Pages, usePages } from '/pages.js';
import { hrefOf, replaceRoute } from '/admin/route.js';
import { Select } from '/admin/select.js';
import { full } from '/times.js';
import { count } from '/admin/numbers.js';

const ROLES = ['user', 'moderator', 'admin'];
const STATES = ['active', 'banned', 'muted', 'deleted'];
const PAUSE = 250; // milliseconds without a key, before the server is asked
const COUNTED = 10000; // the server counts no further

/** The list. What is looked for stands in the address. @param {{route: import('./route.js').Route}} props */
export function Users({ route }) {
  const { query = '', role = '', status = '' } = route.query;
  const pages = usePages(useMemo(() => new Pages('/v1/admin/users', 'users', 'user_id',
    { query: query || undefined, role: role || undefined, status: status || undefined }), [query, role, status]));
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (change) => replaceRoute(hrefOf(['users'], { query, role, status, ...change }));
  const latest = useRef(look);
  latest.current = look; // what else was chosen while one typed stays
  const type = (event) => {
    clearTimeout(timer.current);
    const text = event.target.value.trim();
    timer.current = setTimeout(() => latest.current({ query: text }), PAUSE);
  };
  return html`<h1>${t('console_view_users')}</h1>
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t('console_username_begins')} name="query" type="search" defaultValue=${query} onInput=${type}
        autocomplete="off" autocapitalize="none" spellcheck=${false} />
      <${Select} label=${t('console_role')} name="role" value=${role} onChange=${(value) => look({ role: value })}
        options=${[['', t('console_any')], ...ROLES.map((name) => [name, t(`console_role_${name}`)])]} />
      <${Select} label=${t('console_state')} name="status" value=${status} onChange=${(value) => look({ status: value })}
        options=${[['', t('console_any')], ...STATES.map((name) => [name, t(`console_state_${name}`)])]} />
    </form>
    <p class="hint" role="status">${pages.total !== undefined && t('console_accounts_found',
      { count: pages.total, n: count(pages.total) + (pages.total >= COUNTED ? '+' : '') })}</p>
    ${pages.total === 0 && html`<${Empty} icon="search" title=${t('console_nobody_found')} />`}
    <ul class="rows" aria-label=${t('console_view_users')}>${pages.items.map((user) => html`
      <${UserRow} key=${user.user_id} user=${user} />`)}</ul>
    <${More} pages=${pages} />`;
}

function UserRow({ user }) {
  return html`<li><a class="row" href=${hrefOf(['users', user.user_id])}>
    <${Avatar} id=${user.user_id} name=${user.nickname} />
    <span class="row-main"><span class="row-title" dir="auto">${user.nickname}</span>
      <span class="hint">@${user.username}</span></span>
    <${States} user=${user} />
  </a></li>`;
}

/** What is special about an account, as small labels. @param {{user: object}} props */
export function States({ user }) {
  const states = [
    user.bot && ['', t('console_bot')],
    user.role !== 'user' && ['accent', t(`console_role_${user.role}`)],
    user.banned && ['danger', t('console_state_banned'), user.banned_until],
    user.muted_until > 0 && ['warn', t('console_state_muted'), user.muted_until],
    user.deleted_at > 0 && ['danger', t('console_state_deleted')],
  ].filter(Boolean);
  return html`<span class="states">${states.map(([kind, text, until]) => html`
    <span key=${text} class=${`tag ${kind}`} title=${until ? t('console_until_time', { time: full(until) }) : undefined}>${
      text}</span>`)}</span>`;
}
