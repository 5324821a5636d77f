/** The administrators' page: nothing before the log-in, and then the views that one's rights open. */
import { html, render, useEffect, useErrorBoundary, useState } from '/vendor/preact.js';
import { parley, useTopic } from '/client.js';
import { usePreference } from '/preferences.js';
import '/admin/texts.js';
import { errorText, t } from '/texts.js';
import { Button, Empty, Spinner, closeOverlays, drawToasts, toast } from '/ui.js';
import { Icon } from '/icons.js';
import { useRoute } from '/admin/route.js';
import { Login } from '/admin/login.js';
import { Figures } from '/admin/figures.js';
import { Overview } from '/admin/overview.js';
import { Users } from '/admin/users.js';
import { User } from '/admin/user.js';
import { Messages } from '/admin/messages.js';
import { Services } from '/admin/services.js';
import { Audit } from '/admin/audit.js';

/** Each view, and the rights of which one opens it. */
const VIEWS = [
  { name: 'overview', icon: 'gauge', rights: ['overview.read'], Component: Overview },
  { name: 'users', icon: 'people', rights: ['users.read'], Component: Users },
  { name: 'messages', icon: 'chats', rights: ['messages.read', 'messages.recall'], Component: Messages },
  { name: 'services', icon: 'globe', rights: ['services.read'], Component: Services },
  { name: 'audit', icon: 'file', rights: ['audit.read'], Component: Audit },
];

let stage = 'asking'; // is anybody logged in? then 'known', or 'failed' when nobody answered

function App() {
  useTopic('me', 'state');
  usePreference('language');
  const [error] = useErrorBoundary((thrown) => console.error(thrown));
  if (error) return html`<${Broken} error=${error} />`;
  if (stage === 'failed') return html`<${Unreachable} error=${{ code: 50301 }} tryAgain=${ask} />`;
  if (stage === 'asking') return html`<${Waiting} />`;
  return parley.me ? html`<${Gate} key=${parley.me.user_id} />` : html`<${Login} />`;
}

function Waiting() {
  return html`<div class="starting"><${Spinner} size=${32} label=${t('loading')} /></div>`;
}

function Broken({ error }) {
  return html`<main class="starting"><${Empty} icon="alert" title=${t('broken')}>
    <pre class="hint">${error.message}</pre>
    <button type="button" class="button primary" onClick=${() => location.reload()}>${t('reload')}</button>
  <//></main>`;
}

// Whoever is logged in is asked for his rights: the server's first answer says them.
function Gate() {
  const [figures] = useState(() => new Figures());
  const [answer, setAnswer] = useState({});
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let gone = false;
    setAnswer({});
    figures.load().then((first) => gone || setAnswer({ rights: new Set(first.rights) }),
      (error) => gone || setAnswer({ error }));
    return () => {
      gone = true;
      closeOverlays();
    };
  }, [attempt]);
  if (answer.rights) return html`<${Shell} rights=${answer.rights} figures=${figures} />`;
  if (answer.error?.code === 40301) return html`<${NoRight} />`;
  if (!answer.error) return html`<${Waiting} />`;
  return html`<${Unreachable} error=${answer.error} tryAgain=${() => setAttempt(attempt + 1)} />`;
}

function Unreachable({ error, tryAgain }) {
  return html`<main class="starting"><${Empty} icon="wifi_off" title=${errorText(error)}>
    <${Button} onClick=${tryAgain}>${t('try_again')}<//><//></main>`;
}

function NoRight() {
  return html`<main class="starting"><${Empty} icon="lock" title=${t('console_no_right')}
    text=${t('console_no_right_text', { name: parley.me.nickname })}>
    <a class="button" href="/">${t('console_to_the_chats')}</a>
    <${Button} onClick=${logOut}>${t('console_log_out')}<//><//></main>`;
}

async function logOut() {
  try {
    await parley.logout({});
  } catch (error) {
    toast(errorText(error), { kind: 'error' }); // then the session goes on
  }
}

function Shell({ rights, figures }) {
  const route = useRoute();
  const open = VIEWS.filter((view) => view.rights.some((right) => rights.has(right)));
  const view = open.find((each) => each.name === route.view) ?? open[0];
  const Component = view.name === 'users' && route.rest[0] ? User : view.Component;
  const place = [view.name, ...route.rest].join('/');
  useEffect(() => closeOverlays, [place]); // "back" leaves dialogs, too
  useEffect(() => {
    document.title = `${t(`console_view_${view.name}`)} · ${t('console_administration')}`;
  });
  return html`<div class="shell admin">
    <a class="skip" href="#content" onClick=${skip}>${t('skip_to_content')}</a>
    <${Rail} views=${open} current=${view.name} />
    <main id="content" class="pane-wide" tabindex="-1">
      <div class="admin-view"><${Component} rights=${rights} figures=${figures} route=${route}
        key=${place} /></div>
    </main>
  </div>`;
}

// Not by the address: that says which view is open.
function skip(event) {
  event.preventDefault();
  document.getElementById('content').focus();
}

function Rail({ views, current }) {
  return html`<nav class="rail" aria-label=${t('navigation')}>
    ${views.map(({ name, icon }) => html`<a key=${name} href=${`#/${name}`} class="rail-item"
      aria-current=${name === current ? 'page' : undefined}>
      <${Icon} name=${icon} /><span class="rail-label">${t(`console_view_${name}`)}</span></a>`)}
    <button type="button" class="rail-item rail-out" onClick=${logOut}>
      <${Icon} name="logout" /><span class="rail-label">${t('console_log_out')}</span></button>
  </nav>`;
}

function draw() {
  render(html`<${App} />`, document.getElementById('app'));
}

async function ask() {
  stage = 'asking';
  draw();
  try {
    await parley.resume();
    stage = 'known';
  } catch (error) {
    console.warn(error);
    stage = 'failed';
  }
  draw();
}

drawToasts();
ask();
