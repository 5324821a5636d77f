/** The list of conversations. */
import { html } from '/vendor/preact.js';
import { parley, titleOf, useTopic } from '/client.js';
import { chatHref } from '/router.js';
import { t } from '/texts.js';
import { Avatar } from '/ui.js';

export function ChatList({ conversation_id }) {
  useTopic('list', 'people');
  return html`<section class="list-pane" aria-label=${t('chats')}>
    <ul class="list">${parley.list().map((conversation) => html`<li key=${conversation.conversation_id}>
      <a class="row" href=${chatHref(conversation.conversation_id)}
        aria-current=${conversation.conversation_id === conversation_id ? 'page' : undefined}>
        <${Avatar} id=${conversation.conversation_id} name=${titleOf(conversation)} />
        <span dir="auto">${titleOf(conversation)}</span></a></li>`)}</ul>
  </section>`;
}
