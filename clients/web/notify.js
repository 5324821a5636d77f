/** Telling of messages that are not on the screen: desktop notifications, and the count in the title. */
import { isLooking, nameOf, parley, titleOf } from '/client.js';
import { preference, setPreference } from '/preferences.js';
import { chatHref, go, route } from '/router.js';
import { summaryOf } from '/summary.js';
import { t } from '/texts.js';
import { closeOverlays } from '/ui.js';

const MAX_COUNT = 999; // as the server counts unread
const NAME_MS = 3000; // so long a message of a stranger waits for his name

/**
 * Can this browser show notifications, and was it allowed? 'granted', 'denied', 'default' or 'unsupported'.
 */
export function notificationState() {
  return 'Notification' in window ? Notification.permission : 'unsupported';
}

/** Ask for permission. Only from a click, or browsers refuse for good. @returns {Promise<boolean>} */
export async function enableNotifications() {
  const allowed = await Notification.requestPermission() === 'granted';
  setPreference('notifications', allowed);
  return allowed;
}

/** Begin: called once by the page. */
export function startNotifying() {
  parley.on('message', tell);
  parley.on('change', (topic) => {
    if (['list', 'me', 'state'].includes(topic)) showCount();
  });
}

function isSeen(conversation_id) {
  return isLooking() && route().conversation_id === conversation_id;
}

function isWanted({ conversation_id }) {
  const conversation = parley.conversations.get(conversation_id);
  if (!preference('notifications') || notificationState() !== 'granted') return false;
  return Boolean(conversation) && !conversation.muted && !isSeen(conversation_id);
}

/** Resolved when it is known what somebody is called, or nobody says so. @param {string} user_id */
function untilNamed(user_id) {
  return new Promise((resolve) => {
    const isNamed = () => nameOf(user_id) !== '…';
    if (isNamed()) {
      resolve();
      return;
    }
    const off = parley.on('change', (topic) => topic === 'people' && isNamed() && end());
    const timer = setTimeout(() => end(), NAME_MS);
    const end = () => {
      off();
      clearTimeout(timer);
      resolve();
    };
  });
}

async function tell(message) {
  if (!isWanted(message)) return; // nobody's name is asked for then
  await untilNamed(message.from);
  if (!isWanted(message)) return;
  const { conversation_id } = message;
  const conversation = parley.conversations.get(conversation_id);
  const chat = titleOf(conversation);
  const title = conversation.group ? t('notification_in', { name: nameOf(message.from), group: chat }) : chat;
  // One for each conversation: the newest takes the place of the one before. Of several tabs the tag makes
  // one, too.
  const options = { body: summaryOf(message), tag: conversation_id, icon: '/icon.svg' };
  show(title, options, () => {
    closeOverlays();
    go(chatHref(conversation_id));
  });
}

function show(title, options, onClick) {
  let notification;
  try {
    notification = new Notification(title, options);
  } catch {
    setPreference('notifications', false); // a phone that shows only those of service workers
    return;
  }
  notification.onclick = () => {
    window.focus();
    onClick();
    notification.close();
  };
}

// Of muted chats nothing is counted: they make no noise.
function showCount() {
  let count = 0;
  const is_known = parley.me && parley.state !== 'ended';
  for (const conversation of is_known ? parley.list() : []) {
    if (conversation.unread_count && !conversation.muted) count += conversation.unread_count;
  }
  const shown = count > MAX_COUNT ? `${MAX_COUNT}+` : count;
  document.title = count ? `(${shown}) Parley` : 'Parley';
}
