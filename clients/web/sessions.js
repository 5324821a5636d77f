/** The settings' tab with the devices that are logged in. */
import { html, useEffect, useMemo } from '/vendor/preact.js';
import { ActionError, isSure, useAction } from '/action.js';
import { onLive, parley } from '/client.js';
import { More, Pages, usePages } from '/pages.js';
import { t } from '/texts.js';
import { ago, full } from '/times.js';
import { Button } from '/ui.js';
import { Icon } from '/icons.js';

/** Log out here, and ask first when something has not been sent. @throws {ParleyError} */
export async function logOut() {
  const count = [...parley.conversations.keys()].reduce((sum, id) => sum + parley.pending(id).length, 0);
  if (!count || await isSure('log_out', { count }, 'log_out_unsent')) await parley.logout();
}

/** The tab. */
export function DevicesSettings() {
  const sessions = useMemo(() => new Pages('/api/sessions', 'sessions', 'session_id'), []);
  usePages(sessions);
  // Sessions of others end while this is looked at: they are told to all devices.
  useEffect(() => parley.on('system', ({ event, session_id }) => {
    if (event === 'session.ended' && session_id) sessions.remove(session_id);
  }), [sessions]);
  // What ended while there was no line, nobody has told.
  useEffect(() => onLive(() => sessions.reload()), [sessions]);
  const here = sessions.items.filter(({ current }) => current);
  const others = sessions.items.filter(({ current }) => !current);
  return html`
    <ul class="rows devices">${[...here, ...others].map((session) => html`
      <li key=${session.session_id}><${Device} session=${session} sessions=${sessions} /></li>`)}</ul>
    <${More} pages=${sessions} />
    <${EndAll} sessions=${sessions} others=${others.length > 0 || sessions.hasMore} />`;
}

// Browsers and systems by what they call themselves, the more particular first.
const BROWSERS = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari']];
const SYSTEMS = [['Android', 'Android'], ['iPhone', 'iOS'], ['iPad', 'iPadOS'], ['Windows', 'Windows'],
  ['Mac OS', 'macOS'], ['Linux', 'Linux']];

/**
 * What a device calls itself, or is taken for.
 * @param {{device?: string|null, user_agent?: string|null}} session
 */
export function deviceName({ device, user_agent }) {
  if (device) return device;
  const known = (table) => table.find(([mark]) => user_agent?.includes(mark))?.[1];
  return [known(BROWSERS), known(SYSTEMS)].filter(Boolean).join(' · ') || t('device_unknown');
}

function Device({ session, sessions }) {
  const { session_id, address, current, seen_at, created_at } = session;
  const { busy, error, run } = useAction();
  const name = deviceName(session);
  const end = () => run(async () => {
    await parley.request('DELETE', `/api/sessions/${encodeURIComponent(session_id)}`);
    sessions.remove(session_id);
  }, t('device_ended', { name }));
  return html`<div class="device">
    <${Icon} name=${/Android|iPhone/.test(session.user_agent ?? '') ? 'device' : 'globe'} />
    <span class="person-texts"><span class="person-name"><bdi>${name}</bdi>
        ${current && html`<span class="tag">${t('device_this')}</span>`}</span>
      <span class="person-under">${address} · <span title=${full(seen_at)}>
        ${t('device_seen', { ago: ago(seen_at) })}</span></span>
      <span class="person-under">${t('device_since', { time: full(created_at) })}</span></span>
    ${current ? html`<${Button} busy=${busy} onClick=${() => run(logOut)}>${t('log_out')}<//>`
    : html`<${Button} busy=${busy} aria-label=${t('device_end_of', { name })} onClick=${end}>
        ${t('device_end')}<//>`}
    <${ActionError} error=${error} />
  </div>`;
}

function EndAll({ sessions, others }) {
  const { busy, error, run } = useAction();
  if (!others) return null;
  const endAll = async () => {
    if (!await isSure('devices_end')) return;
    run(async () => {
      await sessions.loadAll();
      const all = sessions.items.filter(({ current }) => !current);
      for (const { session_id } of all) await end(session_id, sessions);
    }, t('devices_ended'));
  };
  return html`<div class="form-end"><${Button} kind="danger" busy=${busy} onClick=${endAll}>
      ${t('devices_end')}<//>
    <${ActionError} error=${error} /></div>`;
}

// One that has ended by itself meanwhile has ended.
async function end(session_id, sessions) {
  try {
    await parley.request('DELETE', `/api/sessions/${encodeURIComponent(session_id)}`);
  } catch (error) {
    if (error.code !== 40401) throw error;
  }
  sessions.remove(session_id);
}
