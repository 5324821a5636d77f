/**
 * A group as the server shows it: its members' number, one's own role. Kept, and asked for anew when
 * something happened.
 */
import { useEffect, useState } from '/vendor/preact.js';
import { parley } from '/client.js';

/** By user and group: a role is one's own. */
const views = new Map();

/**
 * The seq of the last event of a group that is here, 0 for none: what is known of the group is as old as that.
 * @param {string} conversation_id
 */
export function lastNews(conversation_id) {
  const messages = parley.span(conversation_id)?.messages ?? [];
  return messages.findLast((message) => message.msg_type === 3)?.seq ?? 0;
}

/**
 * @param {string | undefined} group_id undefined: no group
 * @param {number} news of lastNews()
 * @returns {{role: string, member_count: number, name: string, avatar: string} | undefined} not known yet,
 *   or one is no member
 */
export function useGroupView(group_id, news) {
  const [, redraw] = useState(0);
  const key = `${parley.me?.user_id} ${group_id}`;
  useEffect(() => {
    let isOld = false;
    const done = (view) => {
      if (isOld) return;
      if (view) views.set(key, view);
      else views.delete(key);
      redraw((n) => n + 1);
    };
    // Away for now: what was known is good enough, the next event asks again.
    const failed = (error) => error.code === 40401 && done(null);
    if (group_id) parley.request('GET', `/api/groups/${encodeURIComponent(group_id)}`).then(done, failed);
    return () => { isOld = true; };
  }, [group_id, news]);
  return group_id ? views.get(key) : undefined;
}
