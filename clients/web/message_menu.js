/** What one can do with a message: the menu, and the dialogs behind it. Only what is allowed is offered. */
import { parley, startEdit, startReply } from '/client.js';
import { chatHref } from '/router.js';
import { errorText, t } from '/texts.js';
import { confirm, openDialog, openMenu, toast } from '/ui.js';
import { openEmojiPicker } from '/emoji.js';
import { ForwardDialog } from '/forward.js';
import { ReceiptsDialog } from '/receipts.js';

/** One's own messages can be taken back for so long (the server's rule). */
const RECALL_TIME = 24 * 60 * 60 * 1000;

/**
 * Say what went wrong, where nothing else shows it.
 * @param {Promise<any>} promise
 * @param {string} [said] when it is done
 */
export async function act(promise, said) {
  try {
    await promise;
    if (said) toast(said);
  } catch (error) {
    toast(errorText(error), { kind: 'error' });
  }
}

/** Is it stored, a person's, and not taken back? Then it can be answered, and has reactions. */
export function canChange(message) {
  return Boolean(message.seq) && message.msg_type !== 3 && !message.recalled_at;
}

/** Choose an emoji and put it at the message. @param {object} message @param {Element} anchor */
export async function chooseReaction(message, anchor) {
  const emoji = await openEmojiPicker(anchor);
  if (emoji) act(parley.react(message, emoji));
}

async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    toast(t('msg_copy_failed'), { kind: 'error' });
  }
}

/** The address of a message, for others of its conversation. */
function linkTo(message) {
  return `${location.origin}${location.pathname}${chatHref(message.conversation_id, message.message_id)}`;
}

async function recall(message) {
  const action = t('msg_recall');
  const isSure = await confirm({ title: action, text: t('msg_recall_sure'), action, danger: true });
  if (isSure) act(parley.recall(message));
}

async function remove(message) {
  const isSure = await confirm({
    title: t('msg_delete_for_me'), text: t('msg_delete_sure'), action: t('chat_delete'), danger: true });
  if (isSure) act(parley.remove(message));
}

function pendingItems(message) {
  const retry = { label: t('chat_retry'), icon: 'retry', onSelect: () => parley.retry(message) };
  const onSelect = () => parley.discard(message);
  const discard = { label: t('chat_delete'), icon: 'trash', danger: true, onSelect };
  return message.state === 'failed' ? [retry, discard] : [discard];
}

function changeItems(message, isOwn, anchor) {
  const { conversation_id, content, msg_type } = message;
  const pinned = parley.conversations.get(conversation_id)?.pinned_ids ?? [];
  const isPinned = pinned.includes(message.message_id);
  return [
    { label: t('msg_reply'), icon: 'reply', onSelect: () => startReply(message) },
    { label: t('msg_react'), icon: 'smile', onSelect: () => chooseReaction(message, anchor) },
    isOwn && msg_type === 0 && { label: t('msg_edit'), icon: 'edit', onSelect: () => startEdit(message) },
    msg_type === 0 && {
      label: t('msg_copy_text'), icon: 'copy', onSelect: () => copy(content.text, t('msg_text_copied')) },
    { label: t('msg_copy_link'), icon: 'link', onSelect: () => copy(linkTo(message), t('msg_link_copied')) },
    { label: t('msg_forward'), icon: 'forward', onSelect: () => openDialog(ForwardDialog, { message }) },
    isPinned ? { label: t('msg_unpin_message'), icon: 'pin_off', onSelect: () => act(parley.unpin(message)) }
      : { label: t('msg_pin_message'), icon: 'pin', onSelect: () => act(parley.pin(message)) },
    isOwn && {
      label: t('msg_who_read'), icon: 'eye', onSelect: () => openDialog(ReceiptsDialog, { message }) },
  ];
}

/**
 * Open the menu of a message.
 * @param {object} message
 * @param {{role?: string, anchor: Element | {x: number, y: number}}} where role: one's own in the group
 */
export function openMessageMenu(message, { role, anchor }) {
  const isOwn = message.from === parley.me?.user_id;
  if (!message.seq) {
    openMenu(anchor, pendingItems(message), t('msg_message_menu'));
    return;
  }
  const canRecall = canChange(message) && ((isOwn && Date.now() - message.timestamp < RECALL_TIME) ||
    role === 'owner' || role === 'admin');
  const items = [
    ...(canChange(message) ? changeItems(message, isOwn, anchor) : []),
    { label: t('msg_delete_for_me'), icon: 'hide', onSelect: () => remove(message) },
    canRecall && { label: t('msg_recall'), icon: 'undo', danger: true, onSelect: () => recall(message) },
  ];
  openMenu(anchor, items.filter(Boolean), t('msg_message_menu'));
}
