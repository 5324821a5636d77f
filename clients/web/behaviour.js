/** How a conversation behaves on one's devices and for all, and what is pinned in it. */
import { html, useState } from '/vendor/preact.js';
import { ActionError, useAction, useLoaded } from '/action.js';
import { parley, uiChanged } from '/client.js';
import { chatHref, go } from '/router.js';
import { summaryOf, timeSpan } from '/summary.js';
import { t } from '/texts.js';
import { short } from '/times.js';
import { Button, IconButton, Spinner } from '/ui.js';
import { Icon } from '/icons.js';

const TIMERS = [0, 300, 3600, 86400, 604800, 2592000]; // seconds

/** All of it, as sections of the info panel. @param {{conversation: object}} props */
export function Behaviour({ conversation }) {
  return html`<${Settings} conversation=${conversation} />
    <${Timer} conversation=${conversation} />
    <${Pins} conversation=${conversation} />`;
}

/**
 * A switch with what it means beside it. It shows what was chosen at once, and then what holds.
 * @param {{label: string, hint?: string, checked: boolean, disabled?: boolean,
 *   onChange: (on: boolean) => Promise<any>}} props
 */
export function Switch({ label, hint, checked, disabled, onChange }) {
  const [wanted, setWanted] = useState(null);
  const change = async (on) => {
    setWanted(on);
    await onChange(on);
    setWanted(null);
  };
  return html`<label class="switch"><input type="checkbox" role="switch" checked=${wanted ?? checked}
      disabled=${disabled} onChange=${(event) => change(event.target.checked)} />
    <span>${label}${hint && html`<span class="hint">${hint}</span>`}</span></label>`;
}

function Settings({ conversation }) {
  const { conversation_id, pinned, muted } = conversation;
  const { busy, error, run } = useAction();
  const set = (change, said) => run(() => parley.setConversation(conversation_id, change), said);
  const hide = () => run(async () => {
    await parley.hide(conversation_id);
    go('#/chats');
  }, t('hidden_done'));
  return html`<section class="info-section" aria-label=${t('info_this_chat')}>
    <${Switch} label=${t('info_pinned')} checked=${pinned} disabled=${busy}
      onChange=${(on) => set({ pinned: on }, t(on ? 'pinned_done' : 'unpinned_done'))} />
    <${Switch} label=${t('info_muted')} hint=${t('info_muted_hint')} checked=${muted} disabled=${busy}
      onChange=${(on) => set({ muted: on }, t(on ? 'muted_done' : 'unmuted_done'))} />
    <${Button} disabled=${busy} onClick=${hide}><${Icon} name="hide" size=${18} />${t('info_hide')}<//>
    <${ActionError} error=${error} />
  </section>`;
}

function Timer({ conversation }) {
  const { conversation_id, ttl = 0 } = conversation;
  const { busy, error, run } = useAction();
  const times = TIMERS.includes(ttl) ? TIMERS : [...TIMERS, ttl].sort((a, b) => a - b);
  const text = (seconds) => (seconds ? timeSpan(seconds) : t('timer_off'));
  const set = (seconds) => run(() => parley.request('PUT',
    `/api/conversations/${encodeURIComponent(conversation_id)}/timer`, { body: { seconds } }),
  seconds ? t('timer_set', { time: text(seconds) }) : t('timer_ended'));
  return html`<section class="info-section">
    <div class="field"><label for="field-timer"><${Icon} name="timer" size=${18} /> ${t('timer')}</label>
      <select id="field-timer" value=${String(ttl)} disabled=${busy} aria-describedby="timer-hint"
        onChange=${(event) => set(Number(event.target.value))}>
        ${times.map((seconds) => html`<option key=${seconds} value=${String(seconds)}>
          ${text(seconds)}</option>`)}
      </select>
      <p class="hint" id="timer-hint">${t('timer_hint')}</p>
      <${ActionError} error=${error} /></div>
  </section>`;
}

/** The pinned messages, loaded one by one where they are not in the model. */
function usePinned({ conversation_id, pinned_ids = [] }) {
  const find = (id) => parley.find(conversation_id, id)
    ?? parley.loadMessage(conversation_id, id).catch(passMissing);
  return useLoaded(async () => (await Promise.all(pinned_ids.map(find))).filter(Boolean),
    [conversation_id, pinned_ids.join()]);
}

// On a narrow window the panel covers the chat that the link leads to.
function uncover() {
  if (matchMedia('(max-width: 899px)').matches) uiChanged((ui) => { ui.info = false; });
}

// Expired or deleted between the list of pins and now.
function passMissing(error) {
  if (error.code !== 40401) throw error;
  return null;
}

function Pins({ conversation }) {
  const { data: messages, error } = usePinned(conversation);
  const { conversation_id, pinned_ids = [] } = conversation;
  const { busy, error: refused, run } = useAction();
  if (!pinned_ids.length) return null;
  return html`<section class="info-section" aria-label=${t('pins')}>
    <h3>${t('pins')} <span class="count">${pinned_ids.length}</span></h3>
    ${!messages && !error && html`<${Spinner} />`}
    <ul class="rows">${messages?.map((message) => html`<li key=${message.message_id} class="pin-row">
      <a class="pin-main" href=${chatHref(conversation_id, message.message_id)} onClick=${uncover}>
        <span class="pin-text" dir="auto">${summaryOf(message)}</span>
        <span class="hint">${short(message.timestamp)}</span></a>
      <${IconButton} icon="pin_off" size=${20} label=${t('pin_remove')} disabled=${busy}
        onClick=${() => run(() => parley.unpin(message), t('pin_removed'))} /></li>`)}</ul>
    <${ActionError} error=${error ?? refused} />
  </section>`;
}
