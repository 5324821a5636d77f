/** The settings' tab about what others see of one, and whom one does not want to hear of. */
import { html, useEffect, useState } from '/vendor/preact.js';
import { ActionError, useAction } from '/action.js';
import { parley } from '/client.js';
import { Switch } from '/behaviour.js';
import { More, usePages } from '/pages.js';
import { PersonRow } from '/person.js';
import { blocks, calledOf, unblock, useRelations } from '/relations.js';
import { t } from '/texts.js';
import { Button, Spinner } from '/ui.js';

/** The tab. */
export function PrivacySettings() {
  return html`<${Invisible} /><${Blocks} />`;
}

function Invisible() {
  const [own, setOwn] = useState(null);
  const { busy, error, run } = useAction();
  const load = () => run(async () => setOwn(await parley.request('GET', '/api/users/me')));
  useEffect(() => { load(); }, []);
  const set = (invisible) => run(
    async () => setOwn(await parley.request('PATCH', '/api/users/me', { body: { invisible } })),
    t(invisible ? 'invisible_on' : 'invisible_off'));
  return html`<section class="form">
    ${own ? html`<${Switch} label=${t('invisible')} hint=${t('invisible_hint')}
      checked=${own.invisible === true} disabled=${busy} onChange=${set} />`
    : !error && html`<${Spinner} label=${t('loading')} />`}
    <${ActionError} error=${error} />
  </section>`;
}

function Blocks() {
  useRelations();
  usePages(blocks);
  useEffect(() => { if (!blocks.loading) blocks.reload(); }, []); // other devices' blocks are not told
  return html`<section class="people-section" aria-label=${t('blocks')}>
    <h3>${t('blocks')}${blocks.total > 0 && html` <span class="count">${blocks.total}</span>`}</h3>
    <p class="hint">${blocks.total === 0 ? t('blocks_none') : t('blocks_hint')}</p>
    <ul class="rows">${blocks.items.map((person) => html`
      <li key=${person.user_id}><${Blocked} person=${person} /></li>`)}</ul>
    <${More} pages=${blocks} />
  </section>`;
}

function Blocked({ person }) {
  const { busy, error, run } = useAction();
  const name = calledOf(person);
  return html`<${PersonRow} person=${person} under=${`@${person.username}`}>
      <${Button} busy=${busy} aria-label=${t('unblock_of', { name })}
        onClick=${() => run(() => unblock(person.user_id), t('unblocked', { name }))}>${t('unblock')}<//>
    <//><${ActionError} error=${error} />`;
}
