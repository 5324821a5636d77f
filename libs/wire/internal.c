#include "wire/internal.h"

#include "base/id.h"
#include "wire/frames.h"
#include "wire/topology.h"

#define RESTRICTIONS_MAX 20000    /* 15 minutes of ends at 22 a second */
#define RPC_TEXT_MAX (512 * 1024) /* a quarter of RPC_MESSAGE_MAX */
#define ID_FIELD(record, member, ...) \
    FIELD(record, member, .min = 1, .max = ID_MAX - 1, ##__VA_ARGS__)

static const struct field nothing_fields[] = {FIELD(struct nothing, unused)};
const struct record nothing_record = RECORD("internal.nothing", struct nothing, nothing_fields);

/* A few keys of 300 bytes each. */
static const struct field keys_fields[] = {
    FIELD(struct keys, jwks, .required = true, .min = 2, .max = 16384),
};
const struct record keys_record = RECORD("auth.keys", struct keys, keys_fields);

/* All sessions of one push node. */
static const struct field session_ids_fields[] = {
    FIELD(struct session_ids, session_ids, .required = true, .max = 20000, .item_max = ID_MAX - 1),
};
const struct record session_ids_record =
    RECORD("auth.session_ids", struct session_ids, session_ids_fields);

static const struct field session_end_fields[] = {
    ID_FIELD(struct session_end, session_id, .required = true),
    FIELD(struct session_end, reason, .required = true),
};
const struct record session_end_record =
    RECORD("auth.session_end", struct session_end, session_end_fields);

static const struct field session_ends_fields[] = {
    FIELD(struct session_ends, ends, .required = true, .max = 20000, .of = &session_end_record),
};
const struct record session_ends_record =
    RECORD("auth.session_ends", struct session_ends, session_ends_fields);

static const struct field account_query_fields[] = {
    ID_FIELD(struct account_query, user_id),
    FIELD(struct account_query, username, .min = 1, .max = 64),
};
const struct record account_query_record =
    RECORD("auth.account_query", struct account_query, account_query_fields);

static const struct field account_fields[] = {
    ID_FIELD(struct account, user_id, .required = true),
    FIELD(struct account, username, .required = true),
    FIELD(struct account, nickname, .required = true),
    FIELD(struct account, bot),
    FIELD(struct account, deleted, .omit_zero = true),
    FIELD(struct account, created_at),
};
const struct record account_record = RECORD("auth.account", struct account, account_fields);

static const struct field service_query_fields[] = {
    FIELD(struct service_query, token_hash, .min = 1, .max = 47),
    FIELD(struct service_query, username, .min = 1, .max = 64),
};
const struct record service_query_record =
    RECORD("auth.service_query", struct service_query, service_query_fields);

static const struct field service_identity_fields[] = {
    ID_FIELD(struct service_identity, user_id, .required = true),
    FIELD(struct service_identity, username, .required = true),
    ID_FIELD(struct service_identity, session_id),
    FIELD(struct service_identity, generation),
};
const struct record service_identity_record =
    RECORD("auth.service_identity", struct service_identity, service_identity_fields);

static const struct field account_range_fields[] = {
    ID_FIELD(struct account_range, after),
    FIELD(struct account_range, limit, .required = true, .min = 1, .max = 1000),
};
const struct record account_range_record =
    RECORD("auth.account_range", struct account_range, account_range_fields);

static const struct field account_rename_fields[] = {
    ID_FIELD(struct account_rename, user_id, .required = true),
    FIELD(struct account_rename, nickname, .required = true, .min = 1),
};
const struct record account_rename_record =
    RECORD("auth.account_rename", struct account_rename, account_rename_fields);

static const struct field user_restricted_fields[] = {
    ID_FIELD(struct user_restricted, user_id, .required = true),
    FIELD(struct user_restricted, generation),
    FIELD(struct user_restricted, muted_until),
};
const struct record user_restricted_record =
    RECORD("event.user_restricted", struct user_restricted, user_restricted_fields);

static const struct field restrictions_fields[] = {
    FIELD(struct restrictions, session_ids, .required = true, .max = RESTRICTIONS_MAX,
          .item_max = ID_MAX - 1),
    FIELD(struct restrictions, users, .required = true, .max = RESTRICTIONS_MAX / 2,
          .of = &user_restricted_record),
};
const struct record restrictions_record =
    RECORD("auth.restrictions", struct restrictions, restrictions_fields);

static const struct field pair_fields[] = {
    ID_FIELD(struct pair, from, .required = true),
    ID_FIELD(struct pair, to, .required = true),
};
const struct record pair_record = RECORD("user.pair", struct pair, pair_fields);

static const struct field pairs_fields[] = {
    FIELD(struct pairs, purpose, .required = true, .max = 8),
    FIELD(struct pairs, pairs, .required = true, .max = 2000, .of = &pair_record),
};
const struct record pairs_record = RECORD("user.pairs", struct pairs, pairs_fields);

static const struct field pair_answer_fields[] = {
    FIELD(struct pair_answer, code, .required = true),
    FIELD(struct pair_answer, bot),
};
const struct record pair_answer_record =
    RECORD("user.pair_answer", struct pair_answer, pair_answer_fields);

static const struct field pair_answers_fields[] = {
    FIELD(struct pair_answers, answers, .required = true, .max = 2000, .of = &pair_answer_record),
};
const struct record pair_answers_record =
    RECORD("user.pair_answers", struct pair_answers, pair_answers_fields);

static const struct field user_ids_fields[] = {
    FIELD(struct user_ids, user_ids, .required = true, .max = 2000, .item_max = ID_MAX - 1),
};
const struct record user_ids_record = RECORD("user.ids", struct user_ids, user_ids_fields);

static const struct field accounts_fields[] = {
    FIELD(struct accounts, accounts, .required = true, .max = 2000, .of = &account_record),
};
const struct record accounts_record = RECORD("user.accounts", struct accounts, accounts_fields);

static const struct field export_query_fields[] = {
    ID_FIELD(struct export_query, user_id, .required = true),
    FIELD(struct export_query, cursor),
};
const struct record export_query_record =
    RECORD("internal.export_query", struct export_query, export_query_fields);

static const struct field export_part_fields[] = {
    FIELD(struct export_part, name, .required = true, .min = 1),
    FIELD(struct export_part, json, .max = RPC_TEXT_MAX),
    FIELD(struct export_part, blob, .min = 64, .max = 64, .alphabet = ALPHABET_ID),
    FIELD(struct export_part, alone, .omit_zero = true),
};
const struct record export_part_record =
    RECORD("internal.export_part", struct export_part, export_part_fields);

static const struct field export_page_fields[] = {
    FIELD(struct export_page, parts, .required = true, .max = 1000, .of = &export_part_record),
    FIELD(struct export_page, next_cursor),
};
const struct record export_page_record =
    RECORD("internal.export_page", struct export_page, export_page_fields);

static const struct field erase_fields[] = {
    ID_FIELD(struct erase, user_id, .required = true),
};
const struct record erase_record = RECORD("internal.erase", struct erase, erase_fields);

static const struct field erased_fields[] = {
    FIELD(struct erased, done, .required = true),
};
const struct record erased_record = RECORD("internal.erased", struct erased, erased_fields);

static const struct field user_avatar_fields[] = {
    ID_FIELD(struct user_avatar, user_id, .required = true),
    ID_FIELD(struct user_avatar, file_id),
};
const struct record user_avatar_record =
    RECORD("user.avatar", struct user_avatar, user_avatar_fields);

static const struct field peers_query_fields[] = {
    ID_FIELD(struct peers_query, user_id, .required = true),
    FIELD(struct peers_query, peer_ids, .required = true, .max = 100, .item_max = ID_MAX - 1),
};
const struct record peers_query_record =
    RECORD("message.peers_query", struct peers_query, peers_query_fields);

static const struct field peer_fields[] = {
    ID_FIELD(struct peer, user_id, .required = true),
    FIELD(struct peer, unread_count),
    FIELD(struct peer, last_message, .of = &frame_message_record),
    FIELD(struct peer, last_time),
};
const struct record peer_record = RECORD("message.peer", struct peer, peer_fields);

static const struct field peers_fields[] = {
    FIELD(struct peers, peers, .required = true, .max = 100, .of = &peer_record),
};
const struct record peers_record = RECORD("message.peers", struct peers, peers_fields);

static const struct field fellows_query_fields[] = {
    ID_FIELD(struct fellows_query, user_id, .required = true),
    FIELD(struct fellows_query, user_ids, .required = true, .max = 100, .item_max = ID_MAX - 1),
};
const struct record fellows_query_record =
    RECORD("message.fellows_query", struct fellows_query, fellows_query_fields);

static const struct field group_membership_fields[] = {
    ID_FIELD(struct group_membership, group_id, .required = true),
    FIELD(struct group_membership, rev, .required = true),
    FIELD(struct group_membership, from_seq, .required = true),
};
const struct record group_membership_record =
    RECORD("message.membership", struct group_membership, group_membership_fields);

static const struct field user_groups_fields[] = {
    ID_FIELD(struct user_groups, user_id, .required = true),
    FIELD(struct user_groups, groups, .required = true, .of = &group_membership_record),
};
const struct record user_groups_record =
    RECORD("message.user_groups", struct user_groups, user_groups_fields);

static const struct field users_groups_fields[] = {
    FIELD(struct users_groups, users, .required = true, .of = &user_groups_record),
};
const struct record users_groups_record =
    RECORD("message.users_groups", struct users_groups, users_groups_fields);

static const struct field group_change_fields[] = {
    FIELD(struct group_change, group_id, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
    FIELD(struct group_change, rev, .required = true, .min = 1, .max = INT64_MAX),
    FIELD(struct group_change, event, .required = true),
    ID_FIELD(struct group_change, user_id, .required = true),
    FIELD(struct group_change, name, .max = 64),
    FIELD(struct group_change, users_in, .max = 2000, .item_max = ID_MAX - 1),
    FIELD(struct group_change, users_out, .max = 2000, .item_max = ID_MAX - 1),
    FIELD(struct group_change, bots_in, .max = 2000, .item_max = ID_MAX - 1),
    FIELD(struct group_change, roles, .max = 2000, .of = &group_role_record),
    FIELD(struct group_change, timestamp),
};
const struct record group_change_record =
    RECORD("group.change", struct group_change, group_change_fields);

static const struct field session_ended_fields[] = {
    ID_FIELD(struct session_ended, user_id, .required = true),
    ID_FIELD(struct session_ended, session_id, .required = true),
    FIELD(struct session_ended, reason, .required = true),
};
const struct record session_ended_record =
    RECORD("event.session_ended", struct session_ended, session_ended_fields);

static const struct field user_relation_fields[] = {
    ID_FIELD(struct user_relation, user_id, .required = true),
    ID_FIELD(struct user_relation, other_id, .required = true),
};
const struct record user_relation_record =
    RECORD("event.user_relation", struct user_relation, user_relation_fields);

static const struct field message_owner_fields[] = {
    FIELD(struct message_owner, node, .required = true, .min = 1, .max = NODE_ID_MAX),
    FIELD(struct message_owner, held, .required = true, .max = ALL_PARTITIONS),
    FIELD(struct message_owner, leaving),
};
const struct record message_owner_record =
    RECORD("event.message_owner", struct message_owner, message_owner_fields);

static const struct field presence_change_fields[] = {
    ID_FIELD(struct presence_change, user_id, .required = true),
    FIELD(struct presence_change, online, .required = true),
    FIELD(struct presence_change, timestamp, .required = true),
};
const struct record presence_change_record =
    RECORD("event.presence_change", struct presence_change, presence_change_fields);

static const struct field presence_changes_fields[] = {
    FIELD(struct presence_changes, changes, .required = true, .max = 1000,
          .of = &presence_change_record),
};
const struct record presence_changes_record =
    RECORD("event.presence_changes", struct presence_changes, presence_changes_fields);

static const struct field stored_command_fields[] = {
    ID_FIELD(struct stored_command, bot_user_id, .required = true),
    FIELD(struct stored_command, message_id, .required = true),
    FIELD(struct stored_command, conversation_id, .required = true),
    ID_FIELD(struct stored_command, from, .required = true),
    ID_FIELD(struct stored_command, group_id),
    FIELD(struct stored_command, text, .required = true, .max = TEXT_MAX),
    FIELD(struct stored_command, seq, .required = true),
    FIELD(struct stored_command, timestamp, .required = true),
};
const struct record stored_command_record =
    RECORD("event.stored_command", struct stored_command, stored_command_fields);

const struct record *const internal_records[] = {
    &nothing_record,
    &keys_record,
    &session_ids_record,
    &session_end_record,
    &session_ends_record,
    &account_query_record,
    &account_record,
    &account_range_record,
    &account_rename_record,
    &service_query_record,
    &service_identity_record,
    &user_restricted_record,
    &restrictions_record,
    &pair_record,
    &pairs_record,
    &pair_answer_record,
    &pair_answers_record,
    &user_ids_record,
    &accounts_record,
    &user_avatar_record,
    &export_query_record,
    &export_part_record,
    &export_page_record,
    &erase_record,
    &erased_record,
    &group_membership_record,
    &user_groups_record,
    &users_groups_record,
    &peers_query_record,
    &peer_record,
    &peers_record,
    &fellows_query_record,
    &group_change_record,
    &session_ended_record,
    &user_relation_record,
    &message_owner_record,
    &presence_change_record,
    &presence_changes_record,
    &stored_command_record,
};
const size_t n_internal_records = N_ELEMENTS(internal_records);
