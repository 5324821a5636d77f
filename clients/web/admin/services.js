/** The accounts of programs: made, given another token, ended. A token is shown once. */
import { html, useMemo } from '/vendor/preact.js';
import { parley } from '/client.js';
import { t } from '/texts.js';
import { Avatar, Button, Dialog, Empty, Field, openDialog, toast } from '/ui.js';
import { More, Pages, usePages } from '/pages.js';
import { full } from '/times.js';
import { ActDialog, nameOf } from '/admin/act.js';
import { copyText } from '/admin/user_actions.js';
import { hrefOf } from '/admin/route.js';

/** @param {{rights: Set<string>}} props */
export function Services({ rights }) {
  const pages = usePages(useMemo(() => new Pages('/v1/admin/services', 'services', 'user_id'), []));
  const may_manage = rights.has('services.manage');
  const showNew = async (Component, props) => {
    const created = await openDialog(Component, props);
    if (!created) return;
    pages.reload();
    await openDialog(Token, created);
  };
  const end = async (service) => {
    if (!await openDialog(EndService, { service })) return;
    toast(t('console_done_end_service', { name: nameOf(service) }));
    pages.remove(service.user_id);
  };
  return html`<header class="view-head"><h1>${t('console_view_services')}</h1>
      ${may_manage && html`<${Button} kind="primary" onClick=${() => showNew(NewService)}>${t('console_new_service')}<//>`}
    </header>
    <p class="hint">${t('console_services_text')}</p>
    ${pages.items.length === 0 && !pages.hasMore && html`
      <${Empty} icon="globe" title=${t('console_no_services')} />`}
    <ul class="rows" aria-label=${t('console_view_services')}>${pages.items.map((service) => html`
      <li key=${service.user_id} class="row service"><${ServiceRow} service=${service}>
        ${may_manage && html`
          <${Button} aria-label=${t('console_new_token_for', { name: service.nickname })}
            onClick=${() => showNew(NewToken, { service })}>${t('console_new_token')}<//>
          <${Button} kind="danger" aria-label=${t('console_end_service_of', { name: service.nickname })}
            onClick=${() => end(service)}>${t('console_end_service')}<//>`}<//></li>`)}</ul>
    <${More} pages=${pages} />`;
}

function ServiceRow({ service, children }) {
  const { user_id, nickname, username, created_at } = service;
  return html`<${Avatar} id=${user_id} name=${nickname} />
    <span class="row-main"><a class="row-title" dir="auto" href=${hrefOf(['users', user_id])}>${nickname}</a>
      <span class="hint">@${username} · ${full(created_at)}</span></span>
    <span class="row-actions">${children}</span>`;
}

function NewService({ close }) {
  const run = ({ username, nickname, reason }) => parley.request('POST', '/v1/admin/services',
    { body: { username, reason, ...(nickname.trim() && { nickname: nickname.trim() }) } });
  return html`<${ActDialog} title=${t('console_new_service')} label=${t('console_make')} run=${run} close=${close}
    text=${t('console_new_service_text')}>
    <${Field} label=${t('username')} name="username" required maxlength="32" autocomplete="off"
      autocapitalize="none" spellcheck=${false} />
    <${Field} label=${t('console_nickname_optional')} name="nickname" maxlength="64" autocomplete="off" /><//>`;
}

function NewToken({ service, close }) {
  const run = ({ reason }) => parley.request('POST', `/v1/admin/services/${service.user_id}/token`,
    { body: { reason } });
  return html`<${ActDialog} title=${t('console_new_token')} label=${t('console_new_token')} danger=${true}
    run=${run} close=${close} text=${t('console_new_token_text', { name: nameOf(service) })} />`;
}

function EndService({ service, close }) {
  const run = ({ reason }) => parley.request('DELETE', `/v1/admin/services/${service.user_id}`,
    { query: { reason } });
  return html`<${ActDialog} title=${t('console_end_service')} label=${t('console_end_service')} danger=${true} run=${run}
    close=${close} text=${t('console_end_service_text', { name: nameOf(service) })} />`;
}

function Token({ service, token, close }) {
  return html`<${Dialog} title=${t('console_token_of', { name: nameOf(service) })} close=${close} actions=${html`
    <${Button} onClick=${() => copyText(token)}>${t('console_copy')}<//>
    <${Button} kind="primary" onClick=${() => close(true)}>${t('console_token_kept')}<//>`}>
    <p class="notice">${t('console_token_once')}</p>
    <p><code class="token" data-testid="token">${token}</code></p><//>`;
}
