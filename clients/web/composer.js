/**
 * Where one writes: the text with its completions, the bar of what is answered or edited, files that
 * wait to be sent, and the buttons for emoji, files, places and voices.
 */
import { html, useEffect, useLayoutEffect, useRef, useState } from '/vendor/preact.js';
import { nameOf, parley, stopReplyAndEdit, startEdit, useTopic } from '/client.js';
import { Icon } from '/icons.js';
import { preference } from '/preferences.js';
import { errorText, t } from '/texts.js';
import { IconButton, LiveRegion, openDialog, openMenu, toast } from '/ui.js';
import { DropZone, Tray, useAttachments } from '/attachments.js';
import { useCommands } from '/commands.js';
import { useCompletion } from '/completion.js';
import { useDraftText } from '/draft_text.js';
import { openEmojiPicker } from '/emoji.js';
import { useEmojiNames } from '/emoji_names.js';
import { LocationDialog } from '/location.js';
import { mentionsIn, useMentions } from '/mention.js';
import { summaryOf } from '/summary.js';
import { VoiceRecorder } from '/voice.js';

const TEXT_MAX = 10000; // code points: content.text.json
const COUNT_FROM = 9000; // from here on the field says how many are left

/** How many characters as the server counts them; of a short text that need not be exact. */
function lengthOf(text) {
  return text.length < COUNT_FROM ? text.length : [...text].length;
}

/** Does this key send, as the person has chosen? While an input method composes, Enter is its own. */
function isSendKey(event) {
  if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) return false;
  const with_control = event.ctrlKey || event.metaKey;
  return with_control || (preference('send_key') === 'enter' && !event.shiftKey && !event.altKey);
}

/** Edit the newest text of one's own; false: there is none. */
function editLast(conversation_id) {
  const messages = parley.span(conversation_id)?.messages || [];
  const last = messages.findLast((message) => message.from === parley.me?.user_id && message.msg_type === 0
    && !message.recalled_at);
  if (last) startEdit(last);
  return Boolean(last);
}

/**
 * The composer of a conversation. What is answered or edited it takes from `ui` in client.js, where
 * startReply() and startEdit() put it.
 * @param {{conversation_id: string, on_sent: () => void}} props on_sent: something new was sent
 */
export function Composer({ conversation_id, on_sent }) {
  return html`<${Writing} key=${conversation_id} conversation_id=${conversation_id} on_sent=${on_sent} />`;
}

function Writing({ conversation_id, on_sent }) {
  const [recording, setRecording] = useState(false);
  const attachments = useAttachments(conversation_id);
  const field = useRef(null);
  return html`
    <div class="composer">
      <${DropZone} on_files=${attachments.add} />
      <${Tray} attachments=${attachments} />
      ${recording
    ? html`<${VoiceRecorder} conversation_id=${conversation_id} on_sent=${on_sent}
        on_done=${() => setRecording(false)} />`
    : html`<${TextRow} conversation_id=${conversation_id} attachments=${attachments} field=${field}
        on_record=${() => setRecording(true)} on_sent=${on_sent} />`}
    </div>`;
}

/** All completions of a text field, and who is named in it. */
function useCompletions(conversation_id, draft, caret, composing, on_replace) {
  useTopic(conversation_id);
  const conversation = parley.conversations.get(conversation_id);
  const { text } = draft;
  const people = useMentions(conversation?.group?.group_id, text.includes('@'));
  const commands = useCommands(conversation, text.startsWith('/'));
  const emoji = useEmojiNames(text);
  const mentions = {
    ...people.source,
    on_choose: ({ member }) => member && draft.addMention({ user_id: member.user_id, name: member.nickname }),
  };
  const completion = useCompletion({
    id: 'completion', text, caret, composing, sources: [commands, mentions, emoji], on_replace,
  });
  return { completion, people };
}

function TextRow({ conversation_id, attachments, field, on_record, on_sent }) {
  const draft = useDraftText(conversation_id);
  const { text, edit, reply } = draft;
  const [caret, setCaret] = useState(0);
  const [composing, setComposing] = useState(false);
  const [busy, setBusy] = useState(false);
  const left = TEXT_MAX - lengthOf(text);
  const is_near = left < TEXT_MAX - COUNT_FROM;
  const has_something = Boolean(text.trim()) || (!edit && attachments.list.length > 0);

  const change = (value, at) => {
    draft.setText(value);
    setCaret(at);
    if (value && !edit) parley.typingIn(conversation_id);
  };
  const replace = (start, end, insert) => {
    field.current.setRangeText(insert, start, end, 'end');
    field.current.focus();
    change(field.current.value, field.current.selectionStart);
  };
  const { completion, people } = useCompletions(conversation_id, draft, caret, composing, replace);
  useFocus(field, edit, reply);
  useLayoutEffect(() => grow(field.current), [text]);

  const content = () => ({ text, ...mentionsIn(text, draft.mentions, people.members, people.may_all) });
  const saveEdit = async () => {
    setBusy(true);
    try {
      const { at_user_ids, at_all, ...rest } = edit.content; // who is named follows from the new text
      await parley.edit(edit, { ...rest, ...content() });
      draft.clear();
      stopReplyAndEdit(conversation_id);
    } catch (error) {
      toast(errorText(error), { kind: 'error' }); // the text stays in the field
    }
    setBusy(false);
  };
  const send = () => {
    if (!has_something || left < 0 || busy) return;
    if (edit) {
      saveEdit();
      return;
    }
    const answers = reply ? { reply_to: reply.message_id } : {};
    if (text.trim()) parley.send(conversation_id, { ...content(), ...answers });
    attachments.send();
    draft.clear();
    stopReplyAndEdit(conversation_id);
    field.current.focus();
    on_sent();
  };
  const onKeyDown = (event) => {
    if (event.isComposing || completion.onKeyDown(event)) return;
    if (isSendKey(event)) send();
    else if (event.key === 'Escape' && (edit || reply)) cancel();
    else if (event.key !== 'ArrowUp' || text || edit || !editLast(conversation_id)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const cancel = () => {
    if (edit) draft.clear();
    stopReplyAndEdit(conversation_id);
    field.current.focus();
  };
  const pickEmoji = async (event) => {
    const { selectionStart, selectionEnd } = field.current;
    const emoji = await openEmojiPicker(event.currentTarget);
    if (emoji) replace(selectionStart, selectionEnd, emoji);
  };

  return html`
    ${(edit || reply) && html`<${Bar} edit=${edit} reply=${reply} on_cancel=${cancel} />`}
    ${completion.list}
    ${is_near && html`<${Count} left=${left} />`}
    <form class="composer-row" onSubmit=${(event) => { event.preventDefault(); send(); }}>
      ${!edit && html`<${AttachButton} conversation_id=${conversation_id} attachments=${attachments}
        on_sent=${on_sent} />`}
      <textarea class="composer-text" ref=${field} rows="1" value=${text} dir="auto" enterkeyhint="send"
        aria-label=${edit ? t('composer_edit_label') : t('composer_label')} placeholder=${t('composer_label')}
        aria-invalid=${left < 0 ? 'true' : undefined} aria-describedby=${is_near ? 'composer-count' : undefined}
        ...${completion.field} onKeyDown=${onKeyDown}
        onInput=${(event) => change(event.target.value, event.target.selectionStart)}
        onSelect=${(event) => setCaret(event.target.selectionStart)}
        onCompositionStart=${() => setComposing(true)} onCompositionEnd=${() => setComposing(false)}
        onPaste=${(event) => pasteFiles(event, attachments)} />
      <${IconButton} icon="smile" label=${t('composer_emoji')} onClick=${pickEmoji} />
      ${has_something || edit
    ? html`<${SendButton} is_edit=${Boolean(edit)} busy=${busy} disabled=${!has_something || left < 0} />`
    : html`<${IconButton} icon="mic" label=${t('voice_record')} onClick=${on_record} />`}
    </form>`;
}

/** The field is as high as its text; css/composer.css says how high at most. */
function grow(field) {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

/** Who opens a conversation, answers or edits wants to write, unless a touch would bring up the keyboard. */
function useFocus(field, edit, reply) {
  useEffect(() => {
    if (edit || reply || matchMedia('(hover: hover)').matches) field.current.focus({ preventScroll: true });
    const end = field.current.value.length;
    field.current.setSelectionRange(end, end);
  }, [edit?.message_id, reply?.message_id]);
}

/** Files and pictures of the clipboard; a text with a picture of itself (as from a table) is a text. */
function pasteFiles(event, attachments) {
  const files = [...event.clipboardData.files];
  if (!files.length || event.clipboardData.types.includes('text/plain')) return;
  event.preventDefault();
  attachments.add(files);
}

function SendButton({ is_edit, busy, disabled }) {
  const label = is_edit ? t('composer_save') : t('composer_send');
  return html`<button type="submit" class="composer-send" aria-label=${label} title=${label} aria-busy=${busy}
    disabled=${disabled}><${Icon} name=${is_edit ? 'check' : 'send'} /></button>`;
}

/** How many characters are left. Read out when the limit is crossed, not with every key. */
function Count({ left }) {
  return html`
    <p class=${`composer-count ${left < 0 ? 'is-over' : ''}`} id="composer-count">${left < 0
    ? t('composer_too_long', { count: -left }) : t('composer_left', { count: left })}</p>
    <${LiveRegion} text=${left < 0 ? t('composer_over') : ''} />`;
}

function Bar({ edit, reply, on_cancel }) {
  useTopic('people');
  const message = edit || reply;
  const title = edit ? t('composer_editing') : t('composer_replying', { name: nameOf(message.from) });
  return html`
    <div class="composer-bar" role="group" aria-label=${title}>
      <${Icon} name=${edit ? 'edit' : 'reply'} size=${20} />
      <div class="composer-bar-text">
        <strong dir="auto">${title}</strong>
        <span dir="auto">${summaryOf(message)}</span>
      </div>
      <${IconButton} icon="close" size=${20} onClick=${on_cancel}
        label=${edit ? t('composer_stop_edit') : t('composer_stop_reply')} />
    </div>`;
}

function AttachButton({ conversation_id, attachments, on_sent }) {
  const input = useRef(null);
  const chooseFiles = () => input.current.click();
  const choosePlace = async () => {
    if (await openDialog(LocationDialog, { conversation_id })) on_sent();
  };
  const choose = (event) => openMenu(event.currentTarget, [
    { label: t('attach_files'), icon: 'clip', onSelect: chooseFiles },
    { label: t('attach_location'), icon: 'location', onSelect: choosePlace },
  ], t('attach'));
  const onChange = (event) => {
    attachments.add([...event.target.files]);
    event.target.value = ''; // the same file again is a change, too
  };
  return html`
    <${IconButton} icon="clip" label=${t('attach')} aria-haspopup="menu" onClick=${choose} />
    <input type="file" multiple hidden ref=${input} data-testid="file-input" onChange=${onChange} />`;
}
