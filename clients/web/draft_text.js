/** The text in the composer: the draft's, or that of the message that is being edited. */
import { useEffect, useLayoutEffect, useRef, useState } from '/vendor/preact.js';
import { parley, startEdit, startReply, ui, useTopic } from '/client.js';
import { pushDraft, readDraft, writeDraft } from '/drafts.js';

const PAUSE = 3000; // ms after the last key, until another device's draft may take the field

/** What was answered or edited when the page was closed is so again. Rejects while the network is away. */
async function restore(conversation_id) {
  const { edit, reply_to } = readDraft(conversation_id);
  const message_id = edit?.message_id || reply_to;
  if (!message_id || ui.edit[conversation_id] || ui.reply[conversation_id]) return;
  const message = parley.find(conversation_id, message_id)
    || await parley.loadMessage(conversation_id, message_id);
  if (message.recalled_at) return;
  if (edit) startEdit(message);
  else startReply(message);
}

/**
 * The text of a conversation's composer, kept with every key.
 * @param {string} conversation_id the same for the whole life of the component
 * @returns {{text: string, setText: (text: string) => void, mentions: object[],
 *   addMention: (one: object) => void, clear: () => void, edit?: object, reply?: object}} edit, reply: the
 *   Message; clear: what was written is sent
 */
export function useDraftText(conversation_id) {
  const changes = useTopic('ui', 'state', conversation_id);
  const edit = ui.edit[conversation_id];
  const reply = ui.reply[conversation_id];
  const [draft, setDraft] = useState(() => readDraft(conversation_id));
  const [restored, setRestored] = useState(false);
  const typed_at = useRef(0);
  const write = (change) => {
    writeDraft(conversation_id, change);
    setDraft(readDraft(conversation_id));
  };

  useEffect(() => {
    // What could not be looked up is kept as it is.
    restore(conversation_id).then(() => setRestored(true), (error) => setRestored(error.code !== 0));
    return () => { pushDraft(conversation_id); };
  }, []);
  useLayoutEffect(() => { // before anybody can close the page
    if (!restored && !edit && !reply) return;
    const kept = readDraft(conversation_id).edit;
    const text = kept?.message_id === edit?.message_id ? kept?.text : edit?.content.text;
    write({ reply_to: reply?.message_id, edit: edit && { message_id: edit.message_id, text } });
  }, [restored, edit?.message_id, reply?.message_id]);
  useEffect(() => { // what another device wrote, while nobody types here
    const take = () => setDraft(readDraft(conversation_id));
    const wait = typed_at.current + PAUSE - Date.now();
    if (wait <= 0) {
      take();
      return undefined;
    }
    const timer = setTimeout(take, wait);
    return () => clearTimeout(timer);
  }, [changes]);

  return {
    edit,
    reply,
    text: edit ? draft.edit?.text ?? edit.content.text : draft.text,
    mentions: draft.mentions,
    setText: (text) => {
      typed_at.current = Date.now();
      write(edit ? { edit: { message_id: edit.message_id, text } } : { text });
    },
    addMention: (one) => write({ mentions: [...draft.mentions, one] }),
    clear: () => {
      typed_at.current = 0;
      write(edit ? { edit: undefined } : { text: '', mentions: [], reply_to: undefined });
      pushDraft(conversation_id);
    },
  };
}
