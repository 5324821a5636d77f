// What travels between a client and Parley. Written by tools/gen-types from schemas/.

/** To delete one's own account */
export interface AccountDelete {
  /** needed where the account has one; otherwise the session must be younger than 10 minutes */
  password?: string;
}

/** An account, and on how many devices it is logged in */
export interface AdminAccount {
  user: AdminUser;
  /** sessions that live */
  session_count: number;
}

/** What an administrator did, or was about to do: if that failed, a second entry says why */
export interface AdminAuditEntry {
  /** the entry */
  entry_id: string;
  /** Unix milliseconds */
  at: number;
  /** who; system: the configuration */
  actor_id: string;
  /** his name then */
  actor_username: string;
  /** his role then */
  actor_role: string;
  /** users.ban, for instance */
  action: string;
  /** to whom */
  target_id: string;
  /** his name then */
  target_username: string;
  /** why, in the actor's words */
  reason: string;
  /** what else was asked for, such as until=1700000000000 */
  details?: string | null;
  /** where the actor called from */
  address?: string | null;
  /** the request in all logs */
  request_id?: string | null;
  /** of a failure: the entry that announced it */
  attempt_id?: string | null;
  /** of a failure: what came in between */
  failure?: string | null;
}

/** A page of the audit log, the newest first */
export interface AdminAuditPage {
  /** how many there are on all pages together, counted up to 10,000 */
  total?: number;
  /** of this page */
  entries: AdminAuditEntry[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** Entries of the audit log; what is absent does not matter */
export interface AdminAuditQuery {
  /** who did it */
  actor_id?: string;
  /** to whom it was done */
  target_id?: string;
  /** users.ban, for instance */
  action?: string;
  /** not before, Unix milliseconds */
  from?: number;
  /** before, Unix milliseconds; 0: now */
  until?: number;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** Keep somebody out */
export interface AdminBan {
  /** the account's */
  user_id: string;
  /** why: he is told it when he logs in */
  reason: string;
  /** Unix milliseconds, in the future; absent or 0: for ever */
  until?: number;
}

/** What goes on just now */
export interface AdminLive {
  /** people online, each once; invisible ones too */
  online: number;
  /** messages stored within the last ten seconds */
  messages_10s: number;
}

/** A message as it is now, and what happened to it */
export interface AdminMessage {
  message: FrameMessage;
  /** how many changes there are (counted up to 10,000) */
  total: number;
  /** oldest first */
  changes: AdminMessageChange[];
  /** for the next page; null: this was the last */
  next_cursor?: string | null;
}

/** What happened to a message after it was sent */
export interface AdminMessageChange {
  /** number of the change within its conversation */
  change_seq: number;
  /** edit, recall, reaction or pin */
  kind: string;
  /** who did it; absent: an administrator */
  user_id?: string;
  /** edit: the new one */
  content?: Record<string, any>;
  /** edit: the one before */
  old_content?: Record<string, any>;
  /** reaction: which */
  emoji?: string;
  /** reaction, pin: it was taken back */
  removed?: boolean;
  /** when, Unix milliseconds */
  created_at: number;
}

/** Take a message back for all, and say why */
export interface AdminMessagePath {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** why, for the audit log */
  reason: string;
}

/** Look a message up, and say why */
export interface AdminMessageQuery {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** why, for the audit log */
  reason: string;
  /** how many of its changes at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** Let somebody send no messages for a time: one of until and seconds */
export interface AdminMute {
  /** the account's */
  user_id: string;
  /** why, for the audit log */
  reason: string;
  /** Unix milliseconds, in the future */
  until?: number;
  /** for so long from now */
  seconds?: number;
}

/** How much there is, and how much goes on */
export interface AdminOverview {
  /** when, Unix milliseconds */
  at: number;
  /** the asker's, so that a page knows what to offer */
  rights: string[];
  /** about how many accounts: of people, bots and services, deleted ones too */
  accounts: number;
  /** of the database, not compressed, files too */
  data_bytes: number;
  /** of its indexes */
  index_bytes: number;
  /** null: Redis is away */
  live?: AdminLive | null;
  /** null: message does not answer */
  stored?: MessageFigures | null;
}

/** Give an account a new password */
export interface AdminPassword {
  /** the account's */
  user_id: string;
  /** the new one */
  new_password: string;
  /** why, for the audit log */
  reason: string;
}

/** Do it, and say why */
export interface AdminReason {
  /** the account's */
  user_id: string;
  /** why, for the audit log */
  reason: string;
}

/** Give an account another role */
export interface AdminRole {
  /** the account's */
  user_id: string;
  /** user, moderator or admin */
  role: string;
  /** why, for the audit log */
  reason: string;
}

/** A session as administrators see it */
export interface AdminSession {
  /** the session */
  session_id: string;
  /** the name that its user gave it */
  device?: string | null;
  /** where he logged in from */
  address?: string | null;
  /** and with what */
  user_agent?: string | null;
  /** Unix milliseconds */
  created_at?: number;
  /** its last refresh, Unix milliseconds */
  seen_at?: number;
  /** Unix milliseconds; 0: it lives */
  ended_at?: number;
  /** logout, replay, banned, … */
  end_reason?: string | null;
}

/** Somebody's sessions, the newest first: those that live, and those that ended within a day */
export interface AdminSessions {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  sessions: AdminSession[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** A page of somebody's sessions */
export interface AdminSessionsQuery {
  /** the account's */
  user_id: string;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** An account as administrators see it */
export interface AdminUser {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
  /** user, moderator or admin */
  role: string;
  /** a program, which nobody logs in as */
  bot?: boolean;
  /** Unix milliseconds */
  created_at?: number;
  /** now: he cannot log in */
  banned?: boolean;
  /** Unix milliseconds; 0: for ever */
  banned_until?: number;
  /** why, as he is told */
  ban_reason?: string | null;
  /** until then he sends no messages, Unix milliseconds; 0: he does */
  muted_until?: number;
  /** why */
  mute_reason?: string | null;
  /** Unix milliseconds; 0: it lives */
  deleted_at?: number;
}

/** An account */
export interface AdminUserPath {
  /** the account's */
  user_id: string;
}

/** A page of accounts, by username */
export interface AdminUsers {
  /** how many there are on all pages together, counted up to 10,000 */
  total?: number;
  /** of this page */
  users: AdminUser[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** Accounts by the beginning of the username, by role and by state */
export interface AdminUsersQuery {
  /** the beginning of the username, in any case */
  query?: string;
  /** user, moderator or admin */
  role?: string;
  /** active, banned, muted or deleted */
  status?: string;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** An account, as auth tells other services */
export interface AuthAccount {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
  /** a program answers for this user */
  bot?: boolean;
  /** Unix milliseconds */
  created_at?: number;
  /** its names stand for anyone who has left */
  deleted?: boolean;
}

/** Which account? By one of the two */
export interface AuthAccountQuery {
  /** the user */
  user_id?: string;
  /** the name to log in with; case does not matter */
  username?: string;
}

/** A page of accounts in the order of their ids */
export interface AuthAccountRange {
  /** only ids after this one */
  after?: string;
  /** how many */
  limit: number;
}

/** A user's nickname has changed */
export interface AuthAccountRename {
  /** whose */
  user_id: string;
  /** the new one */
  nickname: string;
}

/** A public key (RFC 7517) */
export interface AuthJwk {
  /** EC */
  kty: string;
  /** P-256 */
  crv: string;
  /** base64url */
  x: string;
  /** base64url */
  y: string;
  /** ES256 */
  alg: string;
  /** sig */
  use: string;
  /** which key: it stands in a token's header */
  kid: string;
}

/** The public keys that tokens are signed with */
export interface AuthJwks {
  /** the newest first */
  keys: AuthJwk[];
}

/** The public keys by which services verify tokens */
export interface AuthKeys {
  /** a JWKS document (RFC 7517) as text */
  jwks: string;
}

/** Who logs in */
export interface AuthLogin {
  /** the name to log in with; case does not matter */
  username: string;
  /** as it was chosen */
  password: string;
  /** a name that the user knows this device by */
  device?: string;
}

/** The refresh token to exchange; a page leaves it out, and its cookie counts */
export interface AuthRefresh {
  /** the newest one of this session */
  refresh_token?: string;
}

/** A new account */
export interface AuthRegister {
  /** kept in its normal form (NFKC, case folded), of 3 to 32 characters of a-z 0-9 _ . -, and unique in it */
  username: string;
  /** left out: the username */
  nickname?: string;
  /** 8 to 128 characters; neither one of the most common passwords nor the username */
  password: string;
}

/** The account is there */
export interface AuthRegistered {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
}

/** What everybody must refuse, as of now */
export interface AuthRestrictions {
  /** ended within 15 minutes */
  session_ids: string[];
  /** muted, or changed within 15 minutes */
  users: EventUserRestricted[];
}

/** A service that may act now */
export interface AuthServiceIdentity {
  /** its account */
  user_id: string;
  /** its name */
  username: string;
  /** of its token; absent when it was asked for by name */
  session_id?: string;
  /** of the account: smaller ones are refused */
  generation?: number;
}

/** Which service is it? One of the two */
export interface AuthServiceQuery {
  /** of its token */
  token_hash?: string;
  /** as the broker vouches for it */
  username?: string;
}

/** A session: who one is, and the tokens to prove it */
export interface AuthSession {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
  /** user, moderator or admin: what a page may offer; what one may do is judged by the token */
  role: string;
  /** the access token, a JWT: for Authorization: Bearer, and for /ws */
  token: string;
  /** for /api/refresh, once */
  refresh_token: string;
  /** when token expires, Unix milliseconds */
  expires_at: number;
  /** where to open the WebSocket */
  websocket_url: string;
}

/** A session that has ended */
export interface AuthSessionEnd {
  /** the session */
  session_id: string;
  /** logout, replay, … */
  reason: string;
}

/** Those of the sessions asked for that have ended */
export interface AuthSessionEnds {
  /** in any order */
  ends: AuthSessionEnd[];
}

/** Sessions to be checked, or those of them that have ended */
export interface AuthSessionIds {
  /** sessions */
  session_ids: string[];
}

/** Something that a bot can be asked for */
export interface BotCommand {
  /** what a text to the bot begins with, /roll */
  name: string;
  /** the same with what may follow it, /roll [2d6] */
  usage: string;
  /** what the bot does then, in a few words */
  about: string;
}

/** A bot, and what it can be asked for */
export interface BotProfile {
  /** the bot's */
  user_id: string;
  /** its name, which does not change */
  username: string;
  /** the name that others see */
  nickname: string;
  /** in the order in which /help tells them; none for programs with a service account */
  commands: BotCommand[];
}

/** An image, voice, video or other file: kinds 4 to 7. The sender names file_id; what else he says is the server's to say, but for the measures of what cannot be measured */
export interface ContentFile {
  /** what POST /api/files answered */
  file_id: string;
  /** as it was uploaded */
  file_name?: string;
  /** bytes */
  file_size?: number;
  /** image, voice, video or file */
  file_type?: string;
  /** by its content, not by its name */
  mime_type?: string;
  /** a path of this site */
  url?: string;
  /** a path of this site */
  thumbnail_url?: string;
  /** pixels */
  width?: number;
  /** pixels */
  height?: number;
  /** milliseconds */
  duration?: number;
}

/** The content of a location (msg_type 8) */
export interface ContentLocation {
  /** what is there */
  title: string;
  /** degrees east */
  lng: number;
  /** degrees north */
  lat: number;
}

/** What a system frame tells */
export interface ContentSystem {
  /** resync, session.ended, friend.requested, friend.accepted, friend.removed, group.created, … */
  event: string;
  /** resync: the conversation to catch up with; absent: all */
  conversation_id?: string;
  /** the group */
  group_id?: string;
  /** who did it; friend.…: the other one */
  user_id?: string;
  /** whom it concerns */
  user_ids?: string[];
  /** the group's name */
  name?: string;
  /** why, in one word */
  reason?: string;
  /** session.ended: which */
  session_id?: string;
  /** friend.requested: by which it is answered */
  request_id?: string;
  /** friend.requested: what the requester says */
  greeting?: string;
  /** friend.requested: incoming, user_id asks; outgoing, user_id is asked */
  direction?: string;
  /** group.…: whose role is another one from now on */
  roles?: GroupRole[];
  /** conversation.updated: stands on top of one's list */
  pinned?: boolean;
  /** conversation.updated: makes no noise on one's devices */
  muted?: boolean;
  /** conversation.updated: out of one's list until something is said */
  hidden?: boolean;
  /** conversation.updated: hidden while this is the conversation's last_seq; absent: it never was */
  hide_seq?: number;
  /** conversation.updated: what one has begun to write; empty: nothing */
  draft?: string;
  /** message.expired: those that are gone; message.hidden: those that one has deleted for oneself */
  message_ids?: string[];
  /** conversation.trimmed: all messages below are gone */
  first_seq?: number;
}

/** The content of a text message (msg_type 0) */
export interface ContentText {
  /** what is said */
  text: string;
  /** who is mentioned */
  at_user_ids?: string[];
  /** everyone in the group is mentioned */
  at_all?: boolean;
  /** message_id of the message that this one answers */
  reply_to?: string;
}

/** The content of the system message that tells of a new timer */
export interface ContentTimer {
  /** conversation.timer */
  event: string;
  /** where it is */
  conversation_id: string;
  /** who did it */
  user_id: string;
  /** how long each message after this one lives; 0: for ever */
  seconds: number;
}

/** A picture or film as clients of egg.js servers write it: type is img, image or video */
export interface EggFile {
  /** of an uploaded file: /api/files/{file_id}, behind an origin or none */
  url: string;
  /** pixels */
  w?: number;
  /** pixels */
  h?: number;
}

/** A text as clients of egg.js servers write it: type is txt or text */
export interface EggText {
  /** the text */
  msg: string;
}

/** Which field was wrong */
export interface ErrorData {
  /** the member at fault, as a path such as content.text */
  field?: string;
}

/** A process of message is there */
export interface EventMessageOwner {
  /** its NODE_ID */
  node: string;
  /** the partitions that are its own: bit k stands for message.p<k> */
  held: number;
  /** it ends, and takes none any more */
  leaving?: boolean;
}

/** A user came or went */
export interface EventPresenceChange {
  /** who */
  user_id: string;
  /** came */
  online: boolean;
  /** when, Unix ms */
  timestamp: number;
}

/** Users came and went */
export interface EventPresenceChanges {
  /** in the order of time */
  changes: EventPresenceChange[];
}

/** A session has ended: sockets close, tokens of it are refused */
export interface EventSessionEnded {
  /** the user */
  user_id: string;
  /** the session */
  session_id: string;
  /** logout, replay, … */
  reason: string;
}

/** A stored message that a bot must see */
export interface EventStoredCommand {
  /** which bot */
  bot_user_id: string;
  /** chosen by the client, a UUID or ULID: the same one again is the same message */
  message_id: string;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** the author's user id, as the server knows it */
  from: string;
  /** absent: a private message */
  group_id?: string;
  /** what is said */
  text: string;
  /** number within the conversation: from 1, without holes */
  seq: number;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
}

/** Something changed between two users */
export interface EventUserRelation {
  /** one */
  user_id: string;
  /** the other */
  other_id: string;
}

/** What everybody must refuse of a user */
export interface EventUserRestricted {
  /** whom */
  user_id: string;
  /** tokens of a smaller one are refused */
  generation?: number;
  /** he sends no messages until then, Unix ms; 0: he does */
  muted_until?: number;
}

/** One file */
export interface FilePath {
  /** what POST /api/files answered */
  file_id: string;
}

/** The server's answer to a frame: stored by majority (code 0), or refused */
export interface FrameAck {
  /** 30 */
  type: number;
  /** of the message that this answers; null: a frame that could not be read or is no message */
  message_id?: string | null;
  /** 0, or the code of errors.json */
  code: number;
  /** in English: what was wrong, and which field */
  message: string;
  /** where the message was stored */
  conversation_id?: string;
  /** the number that the message got */
  seq?: number;
  /** of a change (types 32, 34, 35, 37): which it became, or was already */
  change_seq?: number;
  /** of a change: it was so already, and change_seq is of the message's last change */
  repeated?: boolean;
  /** when the message was stored, or changed, or the refusal written */
  timestamp: number;
  /** when the message disappears; absent: it stays */
  expires_at?: number;
  /** of a refusal that a field caused */
  data?: ErrorData;
}

/** The client's ack: this device has all of the conversation up to seq */
export interface FrameDelivered {
  /** 30 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** number within the conversation: from 1, without holes */
  seq: number;
}

/** Say it otherwise */
export interface FrameEdit {
  /** 34 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** as in frame.send, of the kind that the message has */
  content: Record<string, any>;
  /** a W3C traceparent, where the client follows its frame through our services; a malformed one counts as none */
  traceparent?: string;
}

/** A message says something else now */
export interface FrameEdited {
  /** 34 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** of the message */
  seq: number;
  /** who did it */
  from: string;
  /** numbers the changes of a conversation from 1, without holes; of two about one message the higher one is how it is */
  change_seq: number;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
  /** as in frame.send, of the kind that the message has */
  content: Record<string, any>;
}

/** A sign of life, every 25 s; answered by type 100 with the same content */
export interface FrameHeartbeat {
  /** 99 from the client, 100 from the server */
  type: number;
  /** echoed as it is; usually {"timestamp": …} */
  content?: Record<string, any>;
}

/** A message as everyone in its conversation sees it: live, and in histories */
export interface FrameMessage {
  /** 1 private, 2 group: whatever type it was sent with */
  type: number;
  /** chosen by the client, a UUID or ULID: the same one again is the same message */
  message_id: string;
  /** the author's user id, as the server knows it */
  from: string;
  /** private messages: the recipient */
  to?: string;
  /** group messages */
  group_id?: string;
  /** what the message says; its members depend on msg_type */
  content: Record<string, any>;
  /** what the message holds: 0 text, 3 system, 8 location, 9 custom */
  msg_type: number;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** number within the conversation: from 1, without holes */
  seq: number;
  /** when it disappears (Unix milliseconds), from every device by itself; absent: never */
  expires_at?: number;
  /** who said it first */
  forwarded_from?: string;
  /** in histories, lists and sync: as from */
  from_user_id?: string;
  /** in histories, lists and sync: as to */
  to_user_id?: string;
  /** in histories, lists and sync: as timestamp */
  created_at?: number;
  /** when it was last edited; absent: never */
  edited_at?: number;
  /** when it was taken back: content is {} since */
  recalled_at?: number;
  /** absent: none */
  reactions?: MessageReaction[];
  /** its last change; a live frame about this message with a lower one is old */
  change_seq?: number;
}

/** Pin a message, or unpin it */
export interface FramePin {
  /** 37 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** true: away with it */
  removed?: boolean;
  /** a W3C traceparent, where the client follows its frame through our services; a malformed one counts as none */
  traceparent?: string;
}

/** A message was pinned or unpinned */
export interface FramePinned {
  /** 37 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** of the message */
  seq: number;
  /** who did it */
  from: string;
  /** numbers the changes of a conversation from 1, without holes; of two about one message the higher one is how it is */
  change_seq: number;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
  /** true: away with it */
  removed?: boolean;
}

/** A friend comes or goes */
export interface FramePresence {
  /** 40 */
  type: number;
  /** who */
  user_id: string;
  /** is he here now */
  online: boolean;
  /** when he was here last, Unix milliseconds; while he is online, about now; null: never, or it is hidden */
  last_seen?: number | null;
}

/** Somebody has reacted to a message, or taken it back */
export interface FrameReacted {
  /** 35 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** of the message */
  seq: number;
  /** who did it */
  from: string;
  /** numbers the changes of a conversation from 1, without holes; of two about one message the higher one is how it is */
  change_seq: number;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
  /** which */
  emoji: string;
  /** how many have this emoji now */
  count: number;
  /** true: away with it */
  removed?: boolean;
}

/** React to a message, or take the reaction back */
export interface FrameReaction {
  /** 35 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** one emoji or :name:, without spaces */
  emoji: string;
  /** true: away with it */
  removed?: boolean;
  /** a W3C traceparent, where the client follows its frame through our services; a malformed one counts as none */
  traceparent?: string;
}

/** This user has read the conversation up to seq */
export interface FrameRead {
  /** 31 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** the last message that was read */
  seq: number;
}

/** Take a message back, for everybody */
export interface FrameRecall {
  /** 32 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** a W3C traceparent, where the client follows its frame through our services; a malformed one counts as none */
  traceparent?: string;
}

/** A message was taken back: its content is gone */
export interface FrameRecalled {
  /** 32 */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** of the message */
  seq: number;
  /** who did it; absent: an administrator */
  from?: string;
  /** numbers the changes of a conversation from 1, without holes; of two about one message the higher one is how it is */
  change_seq: number;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
}

/** The other has read (31), or a device of his has (36), all up to seq; one's other devices hear of one's own reading */
export interface FrameReceipt {
  /** 31 read, 36 delivered */
  type: number;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** the last message */
  seq: number;
  /** who */
  from: string;
}

/** A message to a person or a group: frames 0, 1, 2, 4 to 9, and the body of POST /api/messages */
export interface FrameSend {
  /** 0 and 4 to 9: to a person or a group, by which of the two is there; 1: to a person; 2: to a group */
  type: number;
  /** 16 to 64 characters, chosen by the client (a UUID or ULID): the same one again is the same message. Left out: the server makes one, and sending again is another message */
  message_id?: string;
  /** the recipient's user id */
  to?: string;
  /** the group; in type 2 `to` may say it instead */
  group_id?: string;
  /** with types 1 and 2: 0 text (also when left out), 8 location, 9 custom */
  msg_type?: number;
  /** see content.text, content.location; custom: any object up to 16 KiB */
  content: Record<string, any>;
  /** a W3C traceparent, where the client follows its message through our services; a malformed one counts as none. Over HTTP the header of that name counts instead */
  traceparent?: string;
}

/** Something happened that concerns this user */
export interface FrameSystem {
  /** 3 */
  type: number;
  /** what happened */
  content: ContentSystem;
  /** Unix milliseconds, the server's clock */
  timestamp: number;
}

/** Somebody is typing here: never stored, at most one a second goes on */
export interface FrameTyping {
  /** 33 */
  type: number;
  /** the recipient's user id */
  to?: string;
  /** the group */
  group_id?: string;
}

/** Somebody else is typing in one of this user's conversations */
export interface FrameTypingOut {
  /** 33 */
  type: number;
  /** who is typing */
  from: string;
  /** private: the reader's own user id */
  to?: string;
  /** in this group */
  group_id?: string;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
}

/** One change of a group's membership, on its way into the group's log */
export interface GroupChange {
  /** the group */
  group_id: string;
  /** number of the change within its group: from 1, without holes */
  rev: number;
  /** group.created, group.joined, group.left or group.role */
  event: string;
  /** who did it */
  user_id: string;
  /** the group's name */
  name?: string;
  /** who is a member from here on */
  users_in?: string[];
  /** who is none from here on */
  users_out?: string[];
  /** those of users_in that are bots */
  bots_in?: string[];
  /** whose role is another one from here on */
  roles?: GroupRole[];
  /** when, Unix milliseconds */
  timestamp?: number;
}

/** A new group; its maker is the owner, and a member besides member_ids */
export interface GroupCreate {
  /** the group's name */
  name: string;
  /** what the group is for */
  description?: string;
  /** address of a picture: http, https or a path of ours */
  avatar?: string;
  /** who is a member from the start */
  member_ids?: string[];
  /** open (also when left out) */
  join_policy?: string;
}

/** A page of groups */
export interface GroupList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  groups: GroupView[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** A member of a group */
export interface GroupMember {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
  /** owner, admin or member */
  role: string;
  /** Unix milliseconds */
  joined_at?: number;
}

/** A page of members, in the order of joining */
export interface GroupMemberList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  members: GroupMember[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** A page of a group's members */
export interface GroupMembersPage {
  /** the group */
  group_id: string;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** A page of one's own groups */
export interface GroupPage {
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** Which group */
export interface GroupPath {
  /** the group */
  group_id: string;
}

/** What somebody is in a group from now on */
export interface GroupRole {
  /** the member */
  user_id: string;
  /** owner, admin or member */
  role: string;
}

/** What a member is to be */
export interface GroupRoleChange {
  /** the group */
  group_id: string;
  /** the member */
  user_id: string;
  /** admin or member */
  role: string;
}

/** To whom a group passes */
export interface GroupTransfer {
  /** the group */
  group_id: string;
  /** the new owner: a member, and no bot */
  user_id: string;
}

/** A group as one of its members sees it */
export interface GroupView {
  /** the group */
  group_id: string;
  /** the group's name */
  name: string;
  /** what the group is for */
  description?: string | null;
  /** address of a picture: http, https or a path of ours */
  avatar?: string | null;
  /** open: anyone may join */
  join_policy: string;
  /** the owner's user id */
  owner_id: string;
  /** one's own role: owner, admin or member */
  role: string;
  /** how many members */
  member_count?: number;
  /** Unix milliseconds */
  created_at?: number;
}

/** How the message stands after a change */
export interface MessageChanged {
  /** of the message */
  message_id: string;
  /** where it is */
  conversation_id: string;
  /** of the message */
  seq: number;
  /** what the change became, or was already; 0: nothing ever changed */
  change_seq: number;
}

/** A conversation as one of its members sees it */
export interface MessageConversation {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** single or group */
  type: string;
  /** of a private conversation */
  peer?: MessageConversationPeer;
  /** of a group conversation */
  group?: MessageConversationGroup;
  /** null: there is none that the user may see */
  last_message?: FrameMessage | null;
  /** of the newest message */
  last_seq: number;
  /** read up to here */
  read_seq: number;
  /** messages of others after read_seq, 999 at most */
  unread_count: number;
  /** named in one of the unread ones, alone or with all */
  mentioned: boolean;
  /** stands on top of the list */
  pinned: boolean;
  /** makes no noise on one's devices */
  muted: boolean;
  /** out of the list until something is said; absent: it is in */
  hidden?: boolean;
  /** what one has begun to write; absent: nothing */
  draft?: string;
  /** how many seconds a new message lives; absent: for ever */
  ttl?: number;
  /** when the newest message came, Unix milliseconds */
  updated_at: number;
}

/** What one keeps of a conversation for oneself; what is absent stays as it is */
export interface MessageConversationChange {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** to stand on top of the list */
  pinned?: boolean;
  /** to make no noise on one's devices */
  muted?: boolean;
  /** read up to here; it only goes forward */
  read_seq?: number;
  /** what one has begun to write; empty: nothing */
  draft?: string;
}

/** The group of a group conversation */
export interface MessageConversationGroup {
  /** the group */
  group_id: string;
  /** the group's name */
  name?: string;
}

/** One of the caller's own conversations */
export interface MessageConversationPath {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
}

/** The other one of a private conversation */
export interface MessageConversationPeer {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username?: string;
  /** the name that others see */
  nickname?: string;
  /** he has read up to here; absent: nothing, or in sync, which has receipts */
  read_seq?: number;
  /** a device of his has all up to here; likewise */
  delivered_seq?: number;
}

/** A page of conversations, newest first */
export interface MessageConversations {
  /** how many there are on all pages together */
  total: number;
  /** of this page */
  conversations: MessageConversation[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** A page of one's own conversations */
export interface MessageConversationsQuery {
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** DELETE of a message */
export interface MessageDelete {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** me: only I no longer see it; all: recall */
  scope: string;
}

/** PATCH of a message: what it is to say */
export interface MessageEdit {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** as in frame.send, of the kind that the message has */
  content: Record<string, any>;
}

/** What is to be removed of a conversation, from the sweeper to its owner */
export interface MessageExpire {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** as clients know them */
  message_ids: string[];
  /** the highest seq of them */
  removed_seq: number;
  /** retention: nothing below is to be left */
  first_seq?: number;
}

/** Who of these shares a group with the user */
export interface MessageFellowsQuery {
  /** with whom */
  user_id: string;
  /** who */
  user_ids: string[];
}

/** How much message keeps */
export interface MessageFigures {
  /** about how many messages, system messages and recalled ones too */
  messages: number;
  /** about how many conversations */
  conversations: number;
  /** about how many different files */
  files: number;
  /** their bytes in all */
  file_bytes: number;
}

/** Where a message is sent on to: to a user or to a group */
export interface MessageForward {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** the user */
  to?: string;
  /** the group */
  group_id?: string;
  /** the id of what is sent: the same one twice is the same message; absent: the server makes one */
  new_message_id?: string;
}

/** A message sent on, checked and completed, on its way into its new conversation */
export interface MessageForwarded {
  /** its own */
  message_id: string;
  /** the user */
  to?: string;
  /** the group */
  group_id?: string;
  /** what the content is */
  msg_type: number;
  /** as it was stored */
  content: Record<string, any>;
  /** its first author */
  forwarded_from: string;
}

/** A message that was found */
export interface MessageFound {
  message: FrameMessage;
  /** in the order of start; none touches another */
  highlights: MessageHighlight[];
}

/** A page of a group's conversation */
export interface MessageGroupHistoryQuery {
  /** the group */
  group_id: string;
  /** how many at most */
  limit?: number;
  /** 0: the newest page; n: the messages before n */
  last_seq?: number;
  /** n: the messages after n, the oldest of them; -1: not asked for */
  after_seq?: number;
  /** n: n, half a page before it and half a page after it; 0: not asked for */
  around_seq?: number;
  /** the messages from that day on, such as 2026-11-21 */
  day?: string;
  /** with day: how many minutes earlier it begins than in UTC (480 in Shanghai) */
  offset?: number;
  /** the messages from that time on, Unix milliseconds; -1: not asked for */
  at?: number;
}

/** Where what was searched for stands */
export interface MessageHighlight {
  /** in Unicode code points, from 0; of content.text, content.file_name or content.title, by the message's kind */
  start: number;
  /** likewise */
  length: number;
}

/** A page of messages */
export interface MessageHistory {
  /** in the order of seq */
  messages: FrameMessage[];
  /** there are more in the direction that was asked for */
  has_more: boolean;
  /** around_seq, day and at alone: there are more before the first */
  has_more_before?: boolean;
  /** likewise after the last */
  has_more_after?: boolean;
}

/** The payload of an envelope MARK: what a user does for himself alone */
export interface MessageMark {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** to stand on top of the list */
  pinned?: boolean;
  /** to make no noise on one's devices */
  muted?: boolean;
  /** read up to here; it only goes forward */
  read_seq?: number;
  /** what one has begun to write; empty: nothing */
  draft?: string;
  /** out of his list until something is said */
  hide?: boolean;
  /** to be deleted for himself alone */
  hide_message_id?: string;
}

/** One group of a user, as the message log has it */
export interface MessageMembership {
  /** the group */
  group_id: string;
  /** of the group as of this answer: older changes are in it */
  rev: number;
  /** the user sees messages from here on */
  from_seq: number;
}

/** One message of a conversation */
export interface MessagePath {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
}

/** How a private conversation stands */
export interface MessagePeer {
  /** with whom */
  user_id: string;
  /** 999 at most */
  unread_count?: number;
  last_message?: FrameMessage;
  /** when the last message was sent, Unix ms */
  last_time?: number;
}

/** How private conversations stand */
export interface MessagePeers {
  /** those that exist */
  peers: MessagePeer[];
}

/** How private conversations stand */
export interface MessagePeersQuery {
  /** whose */
  user_id: string;
  /** with whom */
  peer_ids: string[];
}

/** A page of the conversation with a user */
export interface MessagePrivateHistoryQuery {
  /** the user */
  user_id: string;
  /** how many at most */
  limit?: number;
  /** 0: the newest page; n: the messages before n */
  last_seq?: number;
  /** n: the messages after n, the oldest of them; -1: not asked for */
  after_seq?: number;
  /** n: n, half a page before it and half a page after it; 0: not asked for */
  around_seq?: number;
  /** the messages from that day on, such as 2026-11-21 */
  day?: string;
  /** with day: how many minutes earlier it begins than in UTC (480 in Shanghai) */
  offset?: number;
  /** the messages from that time on, Unix milliseconds; -1: not asked for */
  at?: number;
}

/** A reaction */
export interface MessageReact {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** of the message */
  message_id: string;
  /** one emoji or :name:, without spaces */
  emoji: string;
}

/** An emoji on a message, and who put it there */
export interface MessageReaction {
  /** which */
  emoji: string;
  /** how many */
  count: number;
  /** the first hundred of them */
  user_ids: string[];
}

/** How far one of those is for whom a message was */
export interface MessageReceipt {
  /** who */
  user_id: string;
  /** has read it */
  read: boolean;
  /** has it on a device; in private conversations alone */
  delivered?: boolean;
}

/** Who has read a message and who has not, by user_id */
export interface MessageReceipts {
  /** for how many it was: members of then that still are, without its sender and bots */
  total: number;
  /** how many of them have read it */
  read_count: number;
  /** a page of them */
  receipts: MessageReceipt[];
  /** for the next page; null: this was the last */
  next_cursor?: string | null;
}

/** Who has read a message */
export interface MessageReceiptsQuery {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** the message */
  message_id: string;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before */
  cursor?: string;
}

/** Messages that were found, newest first */
export interface MessageSearchPage {
  /** there is no total: to count them all would be more work than to find them */
  messages: MessageFound[];
  /** for the next page, which may be empty; null: this is the last. A page may have fewer messages than asked for, or none, and others follow: after much work a search hands over what it has */
  next_cursor?: string | null;
}

/** A search of one's own conversations */
export interface MessageSearchQuery {
  /** words, all of which must be there: in a text, a file's name or a location's title. English and Russian words are found in all their forms, Chinese, Japanese and Korean ones anywhere; case and width make no difference */
  q: string;
  /** in this conversation alone */
  conversation_id?: string;
  /** user_id: written by this user alone */
  from?: string;
  /** of this kind alone; -1: any */
  msg_type?: number;
  /** created_at: from this time on, in ms */
  after?: number;
  /** created_at: before this time, in ms; 0: up to now */
  before?: number;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** The message is stored by majority */
export interface MessageSent {
  /** the client's, or the server's when it was left out */
  message_id: string;
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** number within the conversation: from 1, without holes */
  seq: number;
  /** when the message was stored, Unix milliseconds */
  timestamp: number;
}

/** A conversation in which something has changed */
export interface MessageSyncConversation {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** single or group */
  type: string;
  /** of a private conversation */
  peer?: MessageConversationPeer;
  /** of a group conversation */
  group?: MessageConversationGroup;
  /** null: there is none that the user may see */
  last_message?: FrameMessage | null;
  /** of the newest message */
  last_seq: number;
  /** read up to here */
  read_seq: number;
  /** messages of others after read_seq, 999 at most */
  unread_count: number;
  /** named in one of the unread ones, alone or with all */
  mentioned: boolean;
  /** stands on top of the list */
  pinned: boolean;
  /** makes no noise on one's devices */
  muted: boolean;
  /** out of the list until something is said; absent: it is in */
  hidden?: boolean;
  /** what one has begun to write; absent: nothing */
  draft?: string;
  /** how many seconds a new message lives; absent: for ever */
  ttl?: number;
  /** when the newest message came, Unix milliseconds */
  updated_at: number;
  /** the new ones, in the order of seq */
  messages: FrameMessage[];
  /** more are new than these: the history has those before */
  limited: boolean;
  /** limited: the first of these; absent otherwise */
  from_seq?: number;
  /** the cursor knew the messages up to here; limited: what the device has from live frames between the two may have changed unheard */
  after_seq: number;
  /** older ones that have changed, as they are now */
  changes: FrameMessage[];
  /** older ones that the user has deleted for themselves */
  hidden_message_ids: string[];
  /** message_id of all that are pinned, oldest pin first */
  pinned_ids: string[];
  /** private: how far the other is */
  receipts: MessageSyncReceipt[];
  /** messages below are gone; 0: all are there */
  first_seq: number;
  /** changes are in up to here */
  change_seq: number;
}

/** A page of what has changed */
export interface MessageSyncPage {
  /** for the next page, now or when one comes back */
  cursor: string;
  /** there is more to give at once */
  has_more: boolean;
  /** newest activity first */
  conversations: MessageSyncConversation[];
}

/** What has changed since a cursor */
export interface MessageSyncQuery {
  /** of the page before; absent: everything is new */
  cursor?: string;
  /** how many conversations at most */
  limit?: number;
}

/** How far the other of a private conversation is */
export interface MessageSyncReceipt {
  /** of the other */
  user_id: string;
  /** has read up to here */
  read_seq: number;
  /** a device of theirs has all up to here */
  delivered_seq: number;
}

/** PUT of a conversation's timer, and how it stands then */
export interface MessageTimer {
  /** single:<a>:<b> (user ids sorted) or group:<group_id> */
  conversation_id: string;
  /** how long each new message lives; 0: for ever, else 5 at least */
  seconds: number;
  /** of the system message that tells of it, chosen by the client: the same one again is the same change. The answer has none when it was so already */
  message_id?: string;
}

/** The groups of one user */
export interface MessageUserGroups {
  /** the user */
  user_id: string;
  /** all of them */
  groups: MessageMembership[];
}

/** The groups of several users, in the order in which they were asked for */
export interface MessageUsersGroups {
  /** one for each user */
  users: MessageUserGroups[];
}

/** What the provider sends the browser back with */
export interface OauthCallback {
  /** the provider's name, as GET /api/oauth lists it */
  provider: string;
  /** as the log-in began with */
  state?: string;
  /** to be exchanged for tokens */
  code?: string;
  /** why there is no code */
  error?: string;
  /** the provider's issuer (RFC 9207) */
  iss?: string;
}

/** The identities that lead to one's account */
export interface OauthIdentities {
  /** how many there are */
  total: number;
  /** the oldest first */
  identities: OauthIdentity[];
  /** always null: all fit on one page */
  next_cursor?: string | null;
}

/** An identity at a provider that leads to one's account */
export interface OauthIdentity {
  /** the provider's name */
  provider: string;
  /** what the provider calls it */
  username?: string | null;
  /** when it was linked, Unix milliseconds */
  created_at: number;
}

/** Which provider's identity to link to one's account */
export interface OauthLink {
  /** the provider's name, as GET /api/oauth lists it */
  provider: string;
  /** where the browser goes afterwards: a path of this site, percent-encoded; without, /api/identities */
  redirect?: string;
  /** needed where the account has one; otherwise the session must be younger than 10 minutes */
  password?: string;
}

/** A provider that one may log in with */
export interface OauthProvider {
  /** its name */
  name: string;
}

/** The providers that one may log in with */
export interface OauthProviders {
  /** as the operator lists them */
  providers: OauthProvider[];
}

/** Who wants to log in with a provider */
export interface OauthStart {
  /** the provider's name, as GET /api/oauth lists it */
  provider: string;
  /** where the browser goes afterwards: a path of this site, percent-encoded; without, the callback answers with the session */
  redirect?: string;
  /** a name that the user knows this device by */
  device?: string;
}

/** Which provider's identity to unlink */
export interface OauthUnlink {
  /** the provider's name, as GET /api/oauth lists it */
  provider: string;
}

/** An address to visit */
export interface OauthUrl {
  /** of the provider, for this browser, within 10 minutes */
  url: string;
}

/** A service account */
export interface ServiceAccount {
  /** by which people see who writes to them */
  user_id: string;
  /** its name */
  username: string;
  /** what people read beside its messages */
  nickname: string;
  /** always true: clients show it as one */
  bot: boolean;
  /** when it was made, Unix ms */
  created_at: number;
}

/** A service account and its new token */
export interface ServiceCreated {
  service: ServiceAccount;
  /** for Authorization: Bearer; told this one time, good until another is made or the account ends */
  token: string;
}

/** A page of service accounts, by username */
export interface ServiceList {
  /** how many there are on all pages together, counted up to 10,000 */
  total?: number;
  /** of this page */
  services: ServiceAccount[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** A service account to be made */
export interface ServiceNew {
  /** as people's; over AMQP also the name of its RabbitMQ user */
  username: string;
  /** what people read beside its messages; absent: the username */
  nickname?: string;
  /** why, for the audit log */
  reason: string;
}

/** Which service accounts */
export interface ServicePage {
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** One's sessions, the newest first */
export interface SessionList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  sessions: SessionView[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** How much ends */
export interface SessionLogout {
  /** all other sessions of the user too */
  everywhere?: boolean;
}

/** A page of one's sessions */
export interface SessionPage {
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** A new password */
export interface SessionPassword {
  /** left out where there is none yet: who came by another provider may set a first one within 10 minutes of his log-in */
  old_password?: string;
  /** 8 to 128 characters; neither one of the most common passwords nor the username */
  new_password: string;
}

/** One of one's own sessions */
export interface SessionPath {
  /** the session */
  session_id: string;
}

/** A device that is logged in */
export interface SessionView {
  /** ends it: DELETE /api/sessions/{session_id} */
  session_id: string;
  /** the name it gave at log-in */
  device?: string | null;
  /** from where it logged in */
  address: string;
  /** likewise, cut */
  user_agent?: string | null;
  /** when it logged in, Unix ms */
  created_at: number;
  /** its last refresh, Unix ms */
  seen_at: number;
  /** the session that asks */
  current: boolean;
}

/** The accounts that were found; unknown ids are left out */
export interface UserAccounts {
  /** in no order */
  accounts: AuthAccount[];
}

/** The file of ours that somebody shows as his picture */
export interface UserAvatar {
  /** whose */
  user_id: string;
  /** the file; absent: he shows none of ours */
  file_id?: string;
}

/** A user whom one blocks */
export interface UserBlock {
  /** the other one */
  user_id: string;
  /** his username */
  username: string;
  /** his nickname */
  nickname: string;
  /** his picture */
  avatar?: string | null;
}

/** Whom to block */
export interface UserBlockCreate {
  /** whom */
  user_id: string;
}

/** A page of the users whom one blocks */
export interface UserBlockList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  blocks: UserBlock[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** Changes to one's own profile: what is absent stays, "" removes */
export interface UserChange {
  /** the name that others see */
  nickname?: string;
  /** address of a picture: https://…, or /api/files/<file_id> of one that the user uploaded */
  avatar?: string;
  /** some words about oneself */
  bio?: string;
  /** male, female or other */
  gender?: string;
  /** a day such as 1990-12-31 */
  birthday?: string;
  /** where one lives */
  region?: string;
  /** seen by oneself alone */
  email?: string;
  /** be offline to everybody */
  invisible?: boolean;
}

/** A friend, and how the conversation with him stands */
export interface UserFriend {
  /** the other one */
  user_id: string;
  /** his username */
  username: string;
  /** his nickname */
  nickname: string;
  /** his picture */
  avatar?: string | null;
  /** what one calls him */
  remark?: string | null;
  /** is it a bot */
  bot?: boolean;
  /** is he here now */
  online?: boolean;
  /** when he was here last, Unix milliseconds; null: unknown */
  last_seen?: number | null;
  /** his messages that one has not read, 999 at most */
  unread_count?: number;
  /** null: they never spoke */
  last_message?: FrameMessage | null;
  /** when it was sent, Unix milliseconds */
  last_time?: number | null;
  /** Unix milliseconds */
  friends_since?: number;
}

/** A wish to be friends */
export interface UserFriendAsk {
  /** with whom */
  user_id: string;
  /** what he reads with it */
  greeting?: string;
}

/** What one calls a friend */
export interface UserFriendChange {
  /** the friend (in the path) */
  user_id: string;
  /** "" removes it */
  remark: string;
}

/** A page of friends */
export interface UserFriendList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  friends: UserFriend[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** Which page of friends, or of blocked users */
export interface UserFriendPage {
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** A friend request as one of its two sees it */
export interface UserFriendRequest {
  /** null: none was needed */
  request_id?: string | null;
  /** pending or accepted */
  status: string;
  /** incoming: user_id asks; outgoing: user_id is asked */
  direction: string;
  /** the other one */
  user_id: string;
  /** his username */
  username: string;
  /** his nickname */
  nickname: string;
  /** his picture */
  avatar?: string | null;
  /** what the requester says */
  greeting?: string | null;
  /** Unix milliseconds; accepted: since when they are friends */
  created_at?: number;
}

/** A page of friend requests that wait */
export interface UserFriendRequestList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page, newest first */
  requests: UserFriendRequest[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** Which friend request */
export interface UserFriendRequestPath {
  /** the request */
  request_id: string;
}

/** Which friend requests */
export interface UserFriendRequestQuery {
  /** incoming or outgoing */
  direction?: string;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}

/** Users */
export interface UserIds {
  /** users */
  user_ids: string[];
}

/** A page of users */
export interface UserList {
  /** how many there are on all pages together */
  total?: number;
  /** of this page */
  users: UserProfile[];
  /** for the next page; null: this is the last */
  next_cursor?: string | null;
}

/** One's own profile */
export interface UserOwn {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
  /** address of a picture: https://…, or /api/files/<file_id> of one that the user uploaded */
  avatar?: string | null;
  /** some words about oneself */
  bio?: string | null;
  /** male, female or other */
  gender?: string | null;
  /** a day such as 1990-12-31 */
  birthday?: string | null;
  /** where one lives */
  region?: string | null;
  /** seen by oneself alone */
  email?: string | null;
  /** offline to everybody */
  invisible?: boolean;
  /** a program answers for this user */
  bot?: boolean;
  /** Unix milliseconds */
  created_at?: number;
}

/** May `from` write to `to`? */
export interface UserPair {
  /** who would write */
  from: string;
  /** to whom */
  to: string;
}

/** The answer for one pair */
export interface UserPairAnswer {
  /** 0, or why not: 40401, 40302 */
  code: number;
  /** `to` is a bot */
  bot?: boolean;
}

/** The answers, in the order of the pairs */
export interface UserPairAnswers {
  /** one for each pair */
  answers: UserPairAnswer[];
}

/** Questions whether one user may write to another, or invite him */
export interface UserPairs {
  /** message, typing or invite: what one wants of the other */
  purpose: string;
  /** at most a batch of them */
  pairs: UserPair[];
}

/** Which user */
export interface UserPath {
  /** the user */
  user_id: string;
}

/** Is somebody here */
export interface UserPresence {
  /** who */
  user_id: string;
  /** is he here now */
  online: boolean;
  /** when he was here last, Unix milliseconds; while he is online, about now; null: never, or it is hidden */
  last_seen?: number | null;
}

/** Those of the users asked for whom one may know of: oneself, friends, fellow members of groups */
export interface UserPresenceList {
  /** in the order in which they were asked for */
  presences: UserPresence[];
}

/** Whose presence */
export interface UserPresenceQuery {
  /** ids with a comma between them, 100 at most */
  user_ids: string;
}

/** Somebody else's profile */
export interface UserProfile {
  /** the user */
  user_id: string;
  /** the name to log in with; case does not matter */
  username: string;
  /** the name that others see */
  nickname: string;
  /** address of a picture: https://…, or /api/files/<file_id> of one that the user uploaded */
  avatar?: string | null;
  /** some words about oneself */
  bio?: string | null;
  /** male, female or other */
  gender?: string | null;
  /** a day such as 1990-12-31 */
  birthday?: string | null;
  /** where one lives */
  region?: string | null;
  /** a program answers for this user */
  bot?: boolean;
  /** has left; these names stand for anyone who has */
  deleted?: boolean;
  /** Unix milliseconds */
  created_at?: number;
  /** you are friends */
  is_your_friend?: boolean;
}

/** Users whose username or nickname begins with query */
export interface UserSearch {
  /** the beginning of a username or nickname; case and width do not matter */
  query: string;
  /** how many at most */
  limit?: number;
  /** next_cursor of the page before; absent: the first page */
  cursor?: string;
}
