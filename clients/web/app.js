/** The page: who is not logged in sees the log-in, all others the rail and the panes. */
import { html, render, useEffect, useErrorBoundary, useLayoutEffect, useState } from '/vendor/preact.js';
import { nameFriendsBy, parley, ui, uiChanged, useTopic } from '/client.js';
import { onPreference } from '/preferences.js';
import { beforeBack, go, useRoute } from '/router.js';
import { t } from '/texts.js';
import { Avatar, Button, Empty, LiveRegion, Spinner, closeOverlays, drawToasts, hasOverlay } from '/ui.js';
import { Icon } from '/icons.js';
import { Banner } from '/banner.js';
import { startNotifying } from '/notify.js';
import { startShortcuts } from '/shortcuts.js';
import { findFriend, incomingCount, useRelations } from '/relations.js';
import { Login } from '/login.js';
import { ChatList } from '/list.js';
import { Chat } from '/chat.js';
import { People } from '/people.js';
import { InfoPanel } from '/info.js';
import { SearchPane } from '/search.js';
import { Settings } from '/settings.js';
import { forgetChats } from '/storage.js';

const ONE_PANE = matchMedia('(max-width: 699px)'); // as base.css has it: the panel covers the chat

let lastUser = null;
let stage = 'asking'; // whether somebody is logged in: 'asking', 'known', or 'failed': nobody answers

function App() {
  const [, redraw] = useState(0);
  useTopic('me', 'state');
  useEffect(() => onPreference(() => redraw((n) => n + 1)), []); // another language, all over
  const [error] = useErrorBoundary((thrown) => console.error(thrown));
  if (error) return html`<${Broken} error=${error} />`;
  if (stage === 'asking') {
    return html`<div class="starting"><${Spinner} size=${32} label=${t('loading')} /></div>`;
  }
  if (stage === 'failed') return html`<${Unreachable} />`;
  if (!parley.me || parley.state === 'ended') return html`<${Login} />`;
  return html`<${Shell} key=${parley.me.user_id} />`; // nothing of one person's page is left for the next
}

function Broken({ error }) {
  return html`<main class="starting"><${Empty} icon="alert" title=${t('broken')} text=${t('broken_text')}>
    <pre class="hint">${error.message}</pre>
    <button type="button" class="button primary" onClick=${reloadAnew}>${t('reload')}</button>
  <//></main>`;
}

// What cannot be drawn may be kept in the browser: then a reload alone would bring it back.
async function reloadAnew() {
  try {
    await parley.stop();
    await forgetChats();
  } finally {
    location.reload();
  }
}

function Unreachable() {
  return html`<main class="starting"><${Empty} icon="wifi_off" title=${t('unreachable')}
    text=${t('unreachable_text')}>
    <${Button} kind="primary" onClick=${ask}>${t('try_again')}<//>
  <//></main>`;
}

function Shell() {
  const route = useRoute();
  useTopic('ui', 'me');
  const is_open = route.view === 'chats' ? Boolean(route.conversation_id) : route.view !== 'people';
  useEffect(() => {
    beginFor(parley.me.user_id);
    return closeOverlays;
  }, []);
  // It would cover the next chat; and before anybody can ask for it there.
  useLayoutEffect(() => { closeInfoPane(); }, [route.conversation_id]);
  return html`<div class=${`shell view-${route.view} ${is_open ? 'open' : ''}`}>
    <a class="skip" href="#content" onClick=${skip}>${t('skip_to_content')}</a>
    <${Rail} view=${route.view} />
    <div class="stage"><${Banner} /><div class="panes"><${Panes} route=${route} /></div></div>
  </div>`;
}

// What one person had open is not the next one's; who comes back finds his place again.
function beginFor(user_id) {
  if (lastUser && lastUser !== user_id) {
    uiChanged((state) => Object.assign(state, { reply: {}, edit: {}, info: false }));
    go('#/chats', { replace: true });
  }
  lastUser = user_id;
}

// Not by the address: that says which conversation is open.
function skip(event) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Panes({ route }) {
  const wide = wideView(route);
  if (wide) return html`<main id="content" class="pane-wide" tabindex="-1">${wide}</main>`;
  const { conversation_id, message_id } = route;
  return html`
    <${ChatList} conversation_id=${conversation_id} />
    <main id="content" class="chat-pane" tabindex="-1">${conversation_id
      ? html`<${Chat} key=${conversation_id} conversation_id=${conversation_id} message_id=${message_id} />`
      : html`<${Empty} icon="chats" title=${t('choose_chat')} text=${t('choose_chat_text')} />`}</main>
    ${ui.info && conversation_id && html`<aside class="info-pane" aria-label=${t('info')}>
      <${InfoPanel} key=${conversation_id} conversation_id=${conversation_id} /></aside>`}`;
}

// The views without a list of chats beside them.
function wideView({ view, group_id, query, tab }) {
  if (view === 'people' || view === 'join') return html`<${People} join=${group_id} />`;
  if (view === 'search') return html`<${SearchPane} query=${query} />`;
  return view === 'settings' ? html`<${Settings} tab=${tab} />` : null;
}

const RAIL = [
  { view: 'chats', icon: 'chats', href: '#/chats' },
  { view: 'people', icon: 'people', href: '#/people' },
  { view: 'search', icon: 'search', href: '#/search' },
  { view: 'settings', icon: 'settings', href: '#/settings' },
];

function Rail({ view }) {
  useTopic('people', 'list', 'me');
  useRelations();
  const me = parley.me;
  const unread = parley.list().filter(({ unread_count, muted }) => unread_count && !muted).length;
  const counts = { chats: unread, people: incomingCount() };
  const spoken = { chats: unread && t('unread_chats', { count: unread }),
    people: incomingCount() && t('waiting_requests', { count: incomingCount() }) };
  return html`<nav class="rail" aria-label=${t('navigation')}>
    <button type="button" class="rail-me" aria-label=${t('own_profile')} title=${t('own_profile')}
      onClick=${() => go('#/settings/profile')}>
      <${Avatar} id=${me.user_id} name=${me.nickname} src=${me.avatar} /></button>
    ${RAIL.map((item) => html`<a key=${item.view} href=${item.href} class="rail-item"
      aria-current=${view === item.view ? 'page' : undefined}>
      <${Icon} name=${item.icon} /><span class="rail-label">${t(item.view)}</span>
      ${counts[item.view] > 0 && html`<span class="badge" aria-hidden="true">${
        counts[item.view] > 99 ? '99+' : counts[item.view]}</span>
        <span class="visually-hidden">${spoken[item.view]}</span>`}</a>`)}
    <${LiveRegion} text=${spoken.people || ''} />
  </nav>`;
}

function closeUppermost() {
  if (hasOverlay()) {
    closeOverlays();
    return true;
  }
  return closeInfoPane();
}

function closeInfoPane() {
  if (!ui.info || !ONE_PANE.matches) return false;
  uiChanged((state) => { state.info = false; });
  return true;
}

function draw() {
  render(html`<${App} key=${stage} />`, document.getElementById('app'));
}

async function ask() {
  stage = 'asking';
  draw();
  try {
    if (await parley.resume()) parley.start();
    stage = 'known';
  } catch {
    stage = 'failed'; // the network is away, and nothing is kept that could be shown
  }
  draw();
}

drawToasts();
nameFriendsBy((user_id) => findFriend(user_id)?.remark);
startNotifying();
startShortcuts();
beforeBack(closeUppermost);
window.addEventListener('online', () => stage === 'failed' && ask());
ask();
