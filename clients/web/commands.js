/**
 * The commands of bots: which bots a conversation holds, and what they can be asked for.
 */
import { useEffect, useState } from '/vendor/preact.js';
import { parley, useTopic } from '/client.js';
import { t } from '/texts.js';
import { loadMembers } from '/mention.js';

/** @type {Map<string, Promise<object[]>>} commands by the bot's user_id */
const cached = new Map();

function loadCommands(user_id) {
  if (!cached.has(user_id)) {
    const promise = parley.request('GET', `/api/bots/${user_id}`)
      .then((bot) => bot.commands.map((command) => ({ ...command, bot: bot.nickname })));
    promise.catch(() => cached.delete(user_id));
    cached.set(user_id, promise);
  }
  return cached.get(user_id);
}

/**
 * The bots of a conversation that have commands. The other of a private one says in his profile
 * whether a program answers; of a group's thousands nobody asks that, and hubot is known by his name.
 */
async function findBots(conversation) {
  const { peer, group } = conversation;
  if (peer) return parley.profile(peer.user_id)?.bot ? [peer.user_id] : [];
  const members = await loadMembers(group.group_id);
  return members.filter((member) => member.username === 'hubot').map((member) => member.user_id);
}

/**
 * A source of completion (see completion.js) for the commands of a conversation's bots.
 * @param {object | undefined} conversation of the model
 * @param {boolean} wanted ask only once somebody has typed a /
 */
export function useCommands(conversation, wanted) {
  const [commands, setCommands] = useState([]);
  const people = useTopic('people'); // profiles come in the background
  useEffect(() => {
    let gone = false;
    if (!conversation || !wanted) return undefined;
    findBots(conversation).then((ids) => Promise.all(ids.map(loadCommands)))
      .then((lists) => gone || setCommands(lists.flat()), () => {}); // no completion without the network
    return () => { gone = true; };
  }, [conversation?.conversation_id, wanted, people]);
  useEffect(() => setCommands([]), [conversation?.conversation_id]);
  return {
    name: '/',
    label: t('command_list'),
    find: (before) => (/^\/[^\s/]*$/.test(before) ? { start: 0, query: before.slice(1) } : null),
    options: (query) => commands.filter(({ name }) => name.startsWith(`/${query.toLowerCase()}`)).map((command) => ({
      key: `${command.bot}${command.name}`,
      label: command.usage,
      detail: command.about,
      insert: `${command.name} `,
    })),
  };
}
