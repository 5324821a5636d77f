/** Searching: people and conversations by name, and messages by their words. */
import { html, useEffect, useMemo, useRef, useState } from '/vendor/preact.js';
import { nameOf, parley, titleOf, useTopic } from '/client.js';
import { highlighted } from '/highlight.js';
import { More, Pages, usePages } from '/pages.js';
import { PersonRow, useSettled } from '/person.js';
import { calledOf, friends, useRelations } from '/relations.js';
import { chatHref, go, searchHref } from '/router.js';
import { t } from '/texts.js';
import { full, short } from '/times.js';
import { Avatar, Empty } from '/ui.js';

const NAMES = 5; // people, and conversations, shown above the messages
const KINDS = [['-1', 'kind_any'], ['0', 'kind_text'], ['4', 'kind_image'], ['5', 'kind_voice'],
  ['6', 'kind_video'], ['7', 'kind_file'], ['8', 'kind_location']];
const NO_FILTERS = { conversation_id: '', from: '', msg_type: '-1', after: '', before: '' };
const DAY = 86400000;

/** The view. @param {{query: string}} props what is searched for, as the address has it */
export function SearchPane({ query }) {
  useRelations();
  useTopic('list', 'people');
  const [text, setText] = useState(query);
  const [filters, setFilters] = useState(NO_FILTERS);
  const words = useSettled(text.trim());
  const box = useRef(null);
  const own = useRef(query); // what the address has from here: it comes back when more may be typed already
  useEffect(() => { box.current.focus(); }, []);
  useEffect(() => {
    if (query !== own.current) setText(query);
    own.current = query;
  }, [query]);
  useEffect(() => {
    // So that "back" from a hit leads here.
    if (words === query.trim()) return;
    own.current = words;
    go(searchHref(words), { replace: true });
  }, [words]);
  return html`<div class="people search">
    <header class="people-head"><h1>${t('search')}</h1></header>
    <input class="search-field" type="search" dir="auto" ref=${box} maxlength="200" value=${text}
      aria-label=${t('search_for')} placeholder=${t('search_hint')}
      onInput=${(event) => setText(event.target.value)} />
    <${Filters} filters=${filters} onChange=${setFilters} />
    ${words ? html`<${People} words=${words} /><${Conversations} words=${words} />
      <${Messages} words=${words} filters=${filters} />`
    : html`<${Empty} icon="search" title=${t('search_empty')} text=${t('search_empty_text')} />`}
  </div>`;
}

function Filters({ filters, onChange }) {
  const put = (event) => onChange({ ...filters, [event.target.name]: event.target.value });
  const chats = parley.list().map((conversation) => [conversation.conversation_id, titleOf(conversation)]);
  const count = Object.keys(NO_FILTERS).filter((name) => filters[name] !== NO_FILTERS[name]).length;
  const select = (name, options) => html`<label class="filter">${t(`filter_${name}`)}
    <select name=${name} value=${filters[name]} onChange=${put}>
      ${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
    </select></label>`;
  const date = (name) => html`<label class="filter">${t(`filter_${name}`)}
    <input type="date" name=${name} value=${filters[name]} onInput=${put} /></label>`;
  return html`<details class="filters">
    <summary>${t('filters')}${count > 0 && html` <span class="count">${count}</span>`}</summary>
    <div class="filter-fields">
      ${select('conversation_id', [['', t('filter_all')], ...chats])}
      ${select('from', [['', t('filter_anybody')], [parley.me.user_id, t('you')], ...writers()])}
      ${select('msg_type', KINDS.map(([value, key]) => [value, t(key)]))}
      ${date('after')}${date('before')}
    </div></details>`;
}

/** Whom one may have heard of: friends, and the others of private conversations. */
function writers() {
  const peers = parley.list().filter(({ peer }) => peer).map(({ peer }) => peer);
  const all = new Map([...peers, ...friends.items].map((person) => [person.user_id, calledOf(person)]));
  all.delete(parley.me.user_id);
  return [...all].sort(([, a], [, b]) => a.localeCompare(b));
}

function Section({ title, children }) {
  return html`<section class="people-section" aria-label=${title}><h2>${title}</h2>${children}</section>`;
}

const includes = (name, words) => name.toLocaleLowerCase().includes(words.toLocaleLowerCase());

function People({ words }) {
  const found = useMemo(() => new Pages('/api/users', 'users', 'user_id',
    { query: words.slice(0, 64), limit: NAMES }), [words]);
  usePages(found);
  const called = friends.items.filter((friend) => friend.remark && includes(friend.remark, words));
  const people = [...new Map([...called, ...found.items].map((person) => [person.user_id, person])).values()];
  if (!people.length) return null;
  return html`<${Section} title=${t('people')}><ul class="rows">${people.slice(0, NAMES).map((person) => html`
    <li key=${person.user_id}><${PersonRow} person=${person} withRelation /></li>`)}</ul><//>`;
}

function Conversations({ words }) {
  const all = parley.list().filter((conversation) => includes(titleOf(conversation), words));
  const found = all.slice(0, NAMES);
  if (!found.length) return null;
  return html`<${Section} title=${t('chats')}><ul class="rows">${found.map((conversation) => html`
    <li key=${conversation.conversation_id}>
      <a class="person-main" href=${chatHref(conversation.conversation_id)}>
      <${ConversationAvatar} conversation=${conversation} />
      <span class="person-name"><bdi>${titleOf(conversation)}</bdi></span></a></li>`)}</ul><//>`;
}

function ConversationAvatar({ conversation }) {
  const id = conversation.peer?.user_id ?? conversation.conversation_id;
  const src = conversation.peer && parley.profile(id)?.avatar;
  return html`<${Avatar} id=${id} name=${titleOf(conversation)} src=${src} />`;
}

// A day of a date field at this place, in ms; 0 for none.
const dayStart = (date) => (date ? new Date(`${date}T00:00`).getTime() : 0);

/** The parameters of the search: what is not narrowed down is left out. */
function queryOf(words, { conversation_id, from, msg_type, after, before }) {
  const until = dayStart(before);
  const end = until && until + DAY;
  const all = { q: words, conversation_id, from, msg_type, after: dayStart(after), before: end };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value && value !== '-1'));
}

/** Hits have no id of their own: that of their message stands in for it. */
class Hits extends Pages {
  distinct(items) {
    return super.distinct(items.map((item) => ({ ...item, message_id: item.message.message_id })));
  }
}

function Messages({ words, filters }) {
  const hits = useMemo(() => new Hits('/api/messages/search', 'messages', 'message_id',
    queryOf(words, filters)), [words, filters]);
  usePages(hits);
  const isEmpty = !hits.items.length && hits.cursor === null && !hits.loading;
  return html`<${Section} title=${t('messages')}>
    <p class="none" role="status">${isEmpty ? t('search_none') : ''}</p>
    <ul class="rows">${hits.items.map((hit) => html`<li key=${hit.message_id}>
      <${Hit} hit=${hit} /></li>`)}</ul>
    <${More} pages=${hits} />
  <//>`;
}

/** What the highlights are counted in, by the message's kind. */
function foundText({ msg_type, content }) {
  if (msg_type === 0) return content.text;
  return (msg_type === 8 ? content.title : content.file_name) ?? '';
}

function Hit({ hit }) {
  const { message, highlights } = hit;
  const { conversation_id, message_id, from, msg_type } = message;
  const conversation = parley.conversations.get(conversation_id);
  const own = from === parley.me.user_id;
  const kind = msg_type > 0 && KINDS.find(([value]) => value === String(msg_type))?.[1];
  const title = conversation ? titleOf(conversation) : nameOf(from);
  return html`<a class="hit" href=${chatHref(conversation_id, message_id)}>
    ${conversation ? html`<${ConversationAvatar} conversation=${conversation} />`
    : html`<${Avatar} id=${from} name=${title} src=${parley.profile(from)?.avatar} />`}
    <span class="person-texts">
      <span class="hit-head"><bdi class="person-name">${title}</bdi>
        <time class="hint" title=${full(message.timestamp)}>${short(message.timestamp)}</time></span>
      <span class="hit-text" dir="auto"><b>${own ? t('you') : nameOf(from)}:</b> ${kind
      && html`<span class="tag">${t(kind)}</span> `}
        ${highlighted(foundText(message), highlights).map(({ text, marked }) => (
          marked ? html`<mark>${text}</mark>` : text))}
      </span></span></a>`;
}
