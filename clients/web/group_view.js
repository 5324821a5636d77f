/**
 * A group as the server shows it: its members' number, one's own role. Kept, and asked for anew when
 * something happened.
 */
import { useEffect, useState } from '/vendor/preact.js';
import { parley } from '/client.js';

const views = new Map();

/**
 * @param {string | undefined} group_id undefined: no group
 * @param {number} news rises when something happened to the group, such as the seq of its last system message
 * @returns {{role: string, member_count: number, name: string, avatar: string} | undefined} not known yet,
 *   or one is no member
 */
export function useGroupView(group_id, news) {
  const [, redraw] = useState(0);
  useEffect(() => {
    let isOld = false;
    const done = (view) => {
      if (isOld) return;
      if (view) views.set(group_id, view);
      else views.delete(group_id);
      redraw((n) => n + 1);
    };
    // Away for now: what was known is good enough, the next event asks again.
    const failed = (error) => error.code === 40401 && done(null);
    if (group_id) parley.request('GET', `/api/groups/${encodeURIComponent(group_id)}`).then(done, failed);
    return () => { isOld = true; };
  }, [group_id, news]);
  return group_id ? views.get(group_id) : undefined;
}
