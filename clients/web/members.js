/** A group in the right panel: what it is, who is in it, and what one's role allows. */
import { html, useMemo, useState } from '/vendor/preact.js';
import { ActionError, isSure, useAction, useLoaded } from '/action.js';
import { parley } from '/client.js';
import { Behaviour } from '/behaviour.js';
import { lastNews } from '/group_view.js';
import { joinLink } from '/join.js';
import { More, Pages, usePages } from '/pages.js';
import { PersonRow } from '/person.js';
import { calledOf } from '/relations.js';
import { go } from '/router.js';
import { t } from '/texts.js';
import { Avatar, Button, Field, IconButton, Spinner, openMenu, toast } from '/ui.js';
import { Icon } from '/icons.js';

const RANKS = ['owner', 'admin', 'member'];

/** The group as the server has it, and its members; both anew after each event in it. */
function useGroup(conversation) {
  const { group_id } = conversation.group;
  const path = `/api/groups/${encodeURIComponent(group_id)}`;
  const members = useMemo(() => new Pages(`${path}/members`, 'members', 'user_id'), [path]);
  const [round, setRound] = useState(0);
  usePages(members);
  const { data: group, error } = useLoaded(async () => {
    if (members.total !== undefined) members.reload(); // usePages() asks for the first
    return parley.request('GET', path);
  }, [path, lastNews(conversation.conversation_id), round]);
  return { group, members, error, path, refresh: () => setRound((n) => n + 1) };
}

/** @param {{conversation: object}} props */
export function GroupInfo({ conversation }) {
  const { group, members, error, path, refresh } = useGroup(conversation);
  if (error?.code === 40401) return html`<p class="none">${t('group_left_already')}</p>`;
  if (error && !group) return html`<${ActionError} error=${error} />`;
  if (!group) return html`<${Spinner} label=${t('loading')} />`;
  return html`
    <div class="info-card">
      <${Avatar} id=${conversation.conversation_id} name=${group.name} size=${80} />
      <h3 dir="auto">${group.name}</h3>
      <p class="profile-under">${t('member_count', { count: group.member_count })}</p>
      ${group.description && html`<p class="info-bio" dir="auto">${group.description}</p>`}
    </div>
    <${Invite} group_id=${group.group_id} />
    <${Members} group=${group} members=${members} path=${path} onChange=${refresh} />
    <${Behaviour} conversation=${conversation} />
    <${Leave} group=${group} path=${path} />`;
}

function Invite({ group_id }) {
  const link = joinLink(group_id);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      toast(t('link_copied'));
    } catch {
      document.getElementById('field-invite').select(); // no permission: then by hand
      toast(t('link_copy_yourself'));
    }
  };
  return html`<section class="info-section">
    <${Field} label=${t('invite_link')} name="invite" value=${link} readonly dir="ltr"
      hint=${t('invite_hint')} onFocus=${(event) => event.target.select()}>
      <${IconButton} icon="copy" label=${t('link_copy')} onClick=${copy} />
    <//>
  </section>`;
}

function Members({ group, members, path, onChange }) {
  const { busy, error, run } = useAction();
  const sorted = [...members.items].sort((a, b) => RANKS.indexOf(a.role) - RANKS.indexOf(b.role));
  const act = async (action, said) => {
    if (await run(action, said)) onChange();
  };
  return html`<section class="info-section" aria-label=${t('members')}>
    <h3>${t('members')} <span class="count">${members.total ?? ''}</span></h3>
    <${ActionError} error=${error} />
    <ul class="rows">${sorted.map((member) => html`<li key=${member.user_id}>
      <${PersonRow} person=${member} tag=${member.role === 'member' ? '' : t(`role_${member.role}`)}>
        <${MemberMenu} member=${member} group=${group} path=${path} disabled=${busy} act=${act} />
      <//></li>`)}</ul>
    <${More} pages=${members} />
  </section>`;
}

/** What the owner may do with a member. */
function MemberMenu({ member, group, path, disabled, act }) {
  const { user_id, role } = member;
  if (group.role !== 'owner' || user_id === parley.me.user_id) return html`<span></span>`;
  const name = calledOf(member);
  const setRole = (wanted) => parley.request('PUT', `${path}/members/${encodeURIComponent(user_id)}/role`,
    { body: { role: wanted } });
  const transfer = async () => {
    if (!await isSure('transfer', { name, group: group.name })) return;
    act(() => parley.request('POST', `${path}/transfer`, { body: { user_id } }), t('transferred', { name }));
  };
  const endAdmin = () => act(() => setRole('member'), t('admin_ended', { name }));
  const makeAdmin = () => act(() => setRole('admin'), t('admin_made', { name }));
  const items = [
    role === 'admin' ? { label: t('admin_end'), icon: 'shield', onSelect: endAdmin }
      : { label: t('admin_make'), icon: 'shield', onSelect: makeAdmin },
    { label: t('transfer'), icon: 'crown', onSelect: transfer },
  ];
  const label = t('member_menu', { name });
  return html`<${IconButton} icon="dots" label=${label} disabled=${disabled} aria-haspopup="menu"
    onClick=${(event) => openMenu(event.currentTarget, items, label)} />`;
}

function Leave({ group, path }) {
  const { busy, error, run } = useAction();
  const leave = async () => {
    const text = group.role === 'owner' && group.member_count > 1 ? 'leave_text_owner' : 'leave_text';
    if (!await isSure('leave', { name: group.name }, text)) return;
    run(async () => {
      await parley.request('POST', `${path}/leave`);
      go('#/chats');
    }, t('left', { name: group.name }));
  };
  return html`<section class="info-section"><${Button} kind="danger" busy=${busy} onClick=${leave}>
    <${Icon} name="logout" size=${18} />${t('leave')}<//><${ActionError} error=${error} /></section>`;
}
