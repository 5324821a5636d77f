/** One account: what is known of it, where it is logged in, and what may be done to it. */
import { html, useMemo, useReducer } from '/vendor/preact.js';
import { useLoaded } from '/action.js';
import { parley } from '/client.js';
import { errorText, t } from '/texts.js';
import { Avatar, Button, Empty, Spinner } from '/ui.js';
import { Icon } from '/icons.js';
import { More, Pages, usePages } from '/pages.js';
import { ago, full } from '/times.js';
import { hrefOf } from '/admin/route.js';
import { act, actionsFor } from '/admin/user_actions.js';
import { States } from '/admin/users.js';

const KNOWN_ENDS = ['logout', 'expired', 'replay', 'ended', 'everywhere', 'password', 'replaced', 'admin', 'banned',
  'deleted'];

/** @param {{rights: Set<string>, route: import('./route.js').Route}} props */
export function User({ rights, route }) {
  const user_id = route.rest[0];
  const [round, again] = useReducer((n) => n + 1, 0);
  const sessions = usePages(useMemo(() => new Pages(
    `/v1/admin/users/${encodeURIComponent(user_id)}/sessions`, 'sessions', 'session_id'), [user_id]));
  const { data: account, error } = useLoaded(
    () => parley.request('GET', `/v1/admin/users/${encodeURIComponent(user_id)}`), [user_id, round]);
  const doIt = async (action) => {
    if (!await act(action, account.user)) return;
    again();
    await sessions.reload();
  };
  return html`<a class="back-link" href="#/users"><${Icon} name="back" size=${18} />${t('console_all_users')}</a>
    ${error && html`<${Empty} icon="alert" title=${errorText(error)} />`}
    ${!error && !account && html`<${Spinner} label=${t('loading')} />`}
    ${account && !error && html`<${Account} account=${account} rights=${rights} doIt=${doIt} />
      <${Sessions} sessions=${sessions} />`}`;
}

function Account({ account, rights, doIt }) {
  const { user } = account;
  const actions = actionsFor(user, rights);
  return html`<header class="account"><${Avatar} id=${user.user_id} name=${user.nickname} size=${64} />
      <div><h1 dir="auto">${user.nickname}</h1><p class="hint">@${user.username}</p><${States} user=${user} /></div>
    </header>
    <dl class="card facts">
      <${Fact} name=${t('console_user_id')}><code>${user.user_id}</code><//>
      <${Fact} name=${t('console_role')}>${t(`console_role_${user.role}`)}<//>
      <${Fact} name=${t('console_registered')}>${full(user.created_at)}<//>
      <${Fact} name=${t('console_devices')}>${account.session_count}<//>
      ${user.banned && html`<${Fact} name=${t('console_state_banned')}><${Until} time=${user.banned_until}
        reason=${user.ban_reason} /><//>`}
      ${user.muted_until > 0 && html`<${Fact} name=${t('console_state_muted')}><${Until} time=${user.muted_until}
        reason=${user.mute_reason} /><//>`}
      ${user.deleted_at > 0 && html`<${Fact} name=${t('console_state_deleted')}>${full(user.deleted_at)}<//>`}
    </dl>
    ${actions.length > 0 && html`<div class="actions" role="group" aria-label=${t('console_actions')}>
      ${actions.map((action) => html`<${Button} key=${action.name} kind=${action.danger ? 'danger' : ''}
        onClick=${() => doIt(action)}>${t(`console_do_${action.name}`)}<//>`)}</div>`}
    ${rights.has('audit.read') && html`<p><a href=${hrefOf(['audit'], { target_id: user.user_id })}>${
      t('console_log_about', { name: user.nickname })}</a></p>`}`;
}

function Fact({ name, children }) {
  return html`<div><dt>${name}</dt><dd dir="auto">${children}</dd></div>`;
}

function Until({ time, reason }) {
  return html`${time ? t('console_until_time', { time: full(time) }) : t('console_period_forever')}
    ${reason && html`<p class="quoted" dir="auto">${reason}</p>`}`;
}

function Sessions({ sessions }) {
  return html`<h2>${t('console_sessions')}</h2>
    <ul class="rows" aria-label=${t('console_sessions')}>${sessions.items.map((session) => html`
      <li key=${session.session_id} class=${session.ended_at ? 'session over' : 'session'}>
        <span class="row-title" dir="auto">${session.device || t('console_unnamed_device')}</span>
        <span class="hint">${session.address ?? '—'} · ${session.user_agent ?? '—'}</span>
        <span class="hint">${t('console_since', { time: full(session.created_at) })} · ${session.ended_at
          ? t('console_ended_at', { time: full(session.ended_at), why: endText(session.end_reason) })
          : t('console_seen_at', { time: ago(session.seen_at) })}</span>
      </li>`)}</ul>
    ${sessions.items.length === 0 && !sessions.hasMore && html`<p class="hint">${t('console_no_sessions')}</p>`}
    <${More} pages=${sessions} />`;
}

function endText(reason) {
  return t(KNOWN_ENDS.includes(reason) ? `console_session_end_${reason}` : 'console_session_end_other');
}
