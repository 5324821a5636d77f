/** The people that one knows, those who ask to be known, and finding new ones. */
import { html, useEffect, useMemo, useState } from '/vendor/preact.js';
import { ActionError, useAction } from '/action.js';
import { useTopic } from '/client.js';
import { NewGroupDialog } from '/group.js';
import { JoinDialog } from '/join.js';
import { More, Pages, Rest, usePages } from '/pages.js';
import { PersonRow, useSettled } from '/person.js';
import { accept, calledOf, friends, incoming, outgoing, reject, takeBack, useRelations } from '/relations.js';
import { go } from '/router.js';
import { t } from '/texts.js';
import { Button, Empty, openDialog } from '/ui.js';
import { Icon } from '/icons.js';

const SHOWN = 50; // friends put on the page at a time: 5,000 rows at once would take a second to lay out

/**
 * The view of people.
 * @param {{join?: string}} props the group_id of an invitation that was followed
 */
export function People({ join }) {
  useRelations();
  const [query, setQuery] = useState('');
  const words = query.trim();
  useEffect(() => {
    if (!join) return;
    go('#/people', { replace: true });
    openDialog(JoinDialog, { group_id: join });
  }, [join]);
  return html`<div class="people">
    <header class="people-head"><h1>${t('people')}</h1>
      <${Button} onClick=${() => openDialog(JoinDialog)}>
        <${Icon} name="link" size=${18} />${t('group_join')}<//>
      <${Button} onClick=${() => openDialog(NewGroupDialog)}>
        <${Icon} name="plus" size=${18} />${t('new_group')}<//>
    </header>
    <input class="search-field" type="search" dir="auto" maxlength="64" value=${query}
      aria-label=${t('people_find')} placeholder=${t('people_find_hint')}
      onInput=${(event) => setQuery(event.target.value)} />
    ${words ? html`<${Found} query=${words} />` : html`<${Known} />`}
  </div>`;
}

function Section({ title, count, children }) {
  return html`<section class="people-section" aria-label=${title}>
    <h2>${title}${count > 0 && html` <span class="count">${count}</span>`}</h2>
    ${children}
  </section>`;
}

function Known() {
  return html`
    <${Requests} title=${t('requests_in')} pages=${incoming} Row=${Incoming} />
    <${Requests} title=${t('requests_out')} pages=${outgoing} Row=${Outgoing} />
    <${Friends} />`;
}

function Requests({ title, pages, Row }) {
  usePages(pages);
  if (!pages.items.length && !pages.error) return null;
  return html`<${Section} title=${title} count=${pages.total}>
    <ul class="rows">${pages.items.map((request) => html`
      <li key=${request.request_id}><${Row} request=${request} /></li>`)}</ul>
    <${More} pages=${pages} />
  <//>`;
}

function Incoming({ request }) {
  const { busy, error, run } = useAction();
  const name = calledOf(request);
  return html`<div class="request">
    <${PersonRow} person=${request} under=${request.greeting || t('request_waits')} />
    <div class="request-actions">
      <${Button} kind="primary" disabled=${busy} aria-label=${t('accept_of', { name })}
        onClick=${() => run(() => accept(request), t('now_friends', { name }))}>${t('accept')}<//>
      <${Button} disabled=${busy} aria-label=${t('reject_of', { name })}
        onClick=${() => run(() => reject(request), t('request_rejected'))}>${t('reject')}<//>
    </div>
    <${ActionError} error=${error} />
  </div>`;
}

function Outgoing({ request }) {
  const { busy, error, run } = useAction();
  const name = calledOf(request);
  return html`<div class="request">
    <${PersonRow} person=${request} under=${request.greeting || t('request_sent')} />
    <div class="request-actions">
      <${Button} disabled=${busy} aria-label=${t('take_back_of', { name })}
        onClick=${() => run(() => takeBack(request), t('request_taken_back'))}>${t('take_back')}<//>
    </div>
    <${ActionError} error=${error} />
  </div>`;
}

// Who is here first, then by name.
function inOrder(a, b) {
  return Number(b.online) - Number(a.online) || calledOf(a).localeCompare(calledOf(b));
}

function Friends() {
  usePages(friends);
  useTopic('people');
  const [shown, setShown] = useState(SHOWN);
  const sorted = useMemo(() => [...friends.items].sort(inOrder), [friends.items]);
  if (friends.total === 0) {
    return html`<${Empty} icon="people" title=${t('friends_none')} text=${t('friends_none_text')} />`;
  }
  return html`<${Section} title=${t('friends')} count=${friends.total}>
    <ul class="rows">${sorted.slice(0, shown).map((friend) => html`
      <li key=${friend.user_id}><${PersonRow} person=${friend} /></li>`)}</ul>
    ${shown < sorted.length
    ? html`<${Rest} onSight=${() => setShown(shown + SHOWN)} count=${shown} />`
    : html`<${More} pages=${friends} />`}
  <//>`;
}

/** Friends by their remark first (the server does not search those), then everybody by name. */
function Found({ query }) {
  const settled = useSettled(query);
  const people = useMemo(() => new Pages('/api/users', 'users', 'user_id', { query: settled }), [settled]);
  usePages(people);
  const wanted = settled.toLocaleLowerCase();
  const called = friends.items.filter((friend) => friend.remark?.toLocaleLowerCase().includes(wanted));
  const ids = new Set(called.map((friend) => friend.user_id));
  const rows = [...called, ...people.items.filter((person) => !ids.has(person.user_id))];
  const isEmpty = !rows.length && people.total !== undefined && !people.loading;
  return html`<${Section} title=${t('people_found')} count=${people.total}>
    <p class="none" role="status" dir="auto">${isEmpty ? t('people_none', { query: settled }) : ''}</p>
    <ul class="rows">${rows.map((person) => html`
      <li key=${person.user_id}><${PersonRow} person=${person} withRelation /></li>`)}</ul>
    <${More} pages=${people} />
  <//>`;
}
