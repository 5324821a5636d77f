/** The log: who did what to whom, when, from where and why. */
import { html, useMemo, useState } from '/vendor/preact.js';
import { parley } from '/client.js';
import { t } from '/texts.js';
import { Button, Empty, Field } from '/ui.js';
import { More, Pages, usePages } from '/pages.js';
import { dayOf } from '/rows.js';
import { full } from '/times.js';
import { ActionError, useAction } from '/action.js';
import { hrefOf, replaceRoute } from '/admin/route.js';
import { Select } from '/admin/select.js';

const ACTIONS = ['users.ban', 'users.unban', 'users.mute', 'users.unmute', 'users.logout', 'users.password',
  'users.role', 'users.export', 'users.delete', 'messages.read', 'messages.recall', 'services.create',
  'services.token', 'services.end'];
const ID = /^(system$|user_[0-9A-Z]{26}$)/;

/** The log, by what stands in the address. @param {{route: import('./route.js').Route}} props */
export function Audit({ route }) {
  const { actor_id, target_id, action, from, until } = route.query;
  const pages = usePages(useMemo(() => new Pages('/v1/admin/audit', 'entries', 'entry_id',
    { actor_id, target_id, action, from, until }), [actor_id, target_id, action, from, until]));
  return html`<h1>${t('console_view_audit')}</h1>
    <${Filters} key=${JSON.stringify(route.query)} query=${route.query} />
    ${pages.items.length === 0 && !pages.hasMore && html`<${Empty} icon="search" title=${t('console_no_entries')} />`}
    <ol class="rows" aria-label=${t('console_view_audit')}>${pages.items.map((entry) => html`
      <${Entry} key=${entry.entry_id} entry=${entry} query=${route.query} />`)}</ol>
    <${More} pages=${pages} />`;
}

function Filters({ query }) {
  const [fault, setFault] = useState({});
  const { busy, error, run } = useAction();
  const submit = (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    run(async () => {
      const [actor_id, target_id] = await Promise.all([idOf(values.actor), idOf(values.target)]);
      setFault({ actor: actor_id === null, target: target_id === null });
      if (actor_id === null || target_id === null) return;
      replaceRoute(hrefOf(['audit'], { actor_id, target_id, action: values.action,
        from: startOf(values.from), until: startOf(values.until, 1) }));
    });
  };
  const unknown = (name) => fault[name] && t('console_no_such_person');
  return html`<form class="filters" role="search" onSubmit=${submit}>
    <${Field} label=${t('console_actor')} name="actor" defaultValue=${query.actor_id ?? ''} autocomplete="off"
      error=${unknown('actor')} autocapitalize="none" spellcheck=${false} placeholder=${t('console_name_or_id')} />
    <${Field} label=${t('console_target')} name="target" defaultValue=${query.target_id ?? ''} autocomplete="off"
      error=${unknown('target')} autocapitalize="none" spellcheck=${false} placeholder=${t('console_name_or_id')} />
    <${Select} label=${t('console_action')} name="action" value=${query.action ?? ''}
      options=${[['', t('console_any')], ...ACTIONS.map((name) => [name, actionText(name)])]} />
    <${Field} label=${t('console_from_day')} name="from" type="date" defaultValue=${dateOf(query.from)} />
    <${Field} label=${t('console_until_day')} name="until" type="date" defaultValue=${dateOf(query.until, -1)} />
    <${Button} type="submit" kind="primary" busy=${busy}>${t('console_show')}<//>
    ${Object.keys(query).length > 0 && html`<a class="button" href="#/audit">${t('console_show_all')}</a>`}
    <${ActionError} error=${error} />
  </form>`;
}

// People are known by their usernames, the log keeps ids. null: nobody is called that.
async function idOf(text) {
  const name = text.trim().replace(/^@/, '').toLowerCase();
  if (!name || ID.test(text.trim())) return text.trim() || undefined;
  const page = await parley.request('GET', '/v1/admin/users', { query: { query: name, limit: 1 } });
  return page.users[0]?.username === name ? page.users[0].user_id : null;
}

// Days of the person's own zone; "until" holds the whole day.
function startOf(date, days = 0) {
  if (!date) return undefined;
  const start = new Date(`${date}T00:00`);
  start.setDate(start.getDate() + days);
  return String(start.getTime());
}

function dateOf(time, days = 0) {
  if (!time) return '';
  const date = new Date(Number(time));
  date.setDate(date.getDate() + days);
  return dayOf(date.getTime());
}

function actionText(action) {
  return ACTIONS.includes(action) ? t(`console_did_${action.replace('.', '_')}`) : action;
}

function Entry({ entry, query }) {
  const person = (name, id, member) => html`
    <a dir="auto" href=${hrefOf(['audit'], { ...query, [member]: id })}>@${name}</a>`;
  return html`<li class=${entry.failure ? 'entry failed' : 'entry'}>
    <p><time class="hint" datetime=${new Date(entry.at).toISOString()}>${full(entry.at)}</time></p>
    <p class="row-title">${person(entry.actor_username, entry.actor_id, 'actor_id')}: ${actionText(entry.action)} →
      ${' '}${person(entry.target_username, entry.target_id, 'target_id')}</p>
    <p class="quoted" dir="auto">${entry.reason}</p>
    ${entry.failure && html`<p class="field-error">${t('console_failed_because', { why: entry.failure })}</p>`}
    <details><summary>${t('console_details')}</summary><dl class="facts">
      <${Detail} name=${t('console_details')} value=${entry.details} />
      <${Detail} name=${t('console_role')} value=${entry.actor_role} />
      <${Detail} name=${t('console_address')} value=${entry.address} />
      <${Detail} name=${t('console_request_id')} value=${entry.request_id} />
      <${Detail} name=${t('console_entry_id')} value=${entry.entry_id} />
      <${Detail} name=${t('console_attempt_id')} value=${entry.attempt_id} />
    </dl></details>
  </li>`;
}

function Detail({ name, value }) {
  return value ? html`<div><dt>${name}</dt><dd><code>${value}</code></dd></div>` : null;
}
