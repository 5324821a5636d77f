/** The chat pane: a conversation's head, its messages, and the place to write. */
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { parley, titleOf, useTopic } from '/client.js';
import { t } from '/texts.js';
import { Empty, Spinner } from '/ui.js';
import { ChatHeader } from '/chat_header.js';
import { Composer } from '/composer.js';
import { FindBar } from '/find_bar.js';
import { lastNews, useGroupView } from '/group_view.js';
import { Messages } from '/messages.js';
import { PinnedBar } from '/pinned.js';

/** What an id of a conversation leads to, as parley.open() takes it; null: it is none. */
function addressOf(conversation_id) {
  if (/^group:[\w-]+$/.test(conversation_id)) return { group_id: conversation_id.slice('group:'.length) };
  const pair = /^single:([\w-]+):([\w-]+)$/.exec(conversation_id);
  const me = parley.me?.user_id;
  if (!pair || (pair[1] !== me && pair[2] !== me)) return null;
  return { user_id: pair[1] === me ? pair[2] : pair[1] };
}

/** @param {{conversation_id: string, message_id?: string}} props message_id: a link leads to it */
export function Chat({ conversation_id, message_id }) {
  useTopic(conversation_id, 'list', 'state');
  const [isFinding, setFinding] = useState(false);
  const reader = useRef(/** @type {any} */ (null)); // what the messages let others do: messages.js
  const conversation = parley.conversations.get(conversation_id);
  const address = addressOf(conversation_id);
  const isSynced = parley.state === 'live';
  // A link to somebody whom one has not written to. Before the first sync one cannot know.
  useEffect(() => {
    if (!conversation && address && isSynced) parley.open(address);
  }, [conversation_id, isSynced, Boolean(conversation)]);
  const group = useGroupView(conversation?.group?.group_id, lastNews(conversation_id));
  if (!conversation) {
    return address ? html`<div class="starting"><${Spinner} label=${t('loading')} /></div>`
      : html`<${Empty} icon="chats" title=${t('chat_no_such_chat')} text=${t('chat_no_such_chat_text')} />`;
  }
  const jump = (id) => reader.current?.jump(id);
  return html`<section class="chat" aria-label=${t('chat_with', { name: titleOf(conversation) })}>
    <${ChatHeader} conversation=${conversation} group=${group} isFinding=${isFinding}
      onFind=${() => setFinding(!isFinding)} />
    ${isFinding && html`<${FindBar} conversation_id=${conversation_id} jump=${jump}
      close=${() => setFinding(false)} />`}
    <${PinnedBar} conversation=${conversation} jump=${jump} />
    <${Messages} key=${conversation_id} conversation_id=${conversation_id} message_id=${message_id}
      role=${group?.role} reader=${reader} />
    <${Composer} conversation_id=${conversation_id} on_sent=${() => reader.current?.toNewest()} />
  </section>`;
}
