#include "wire/group_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/shown.h"

static const struct field create_fields[] = {
    FIELD(struct group_create, name, .required = true, .min = 1, .max = 64),
    FIELD(struct group_create, description, .max = 500),
    FIELD(struct group_create, avatar, .max = 1024),
    FIELD(struct group_create, member_ids, .max = GROUP_MEMBERS_MAX - 1, .item_max = 40,
          .alphabet = ALPHABET_ID),
    FIELD(struct group_create, join_policy, .max = 16),
};
const struct record group_create_record =
    RECORD("group.create", struct group_create, create_fields);

static const struct field path_fields[] = {
    FIELD(struct group_path, group_id, .required = true),
};
const struct record group_path_record = RECORD("group.path", struct group_path, path_fields);

static const struct field page_fields[] = {
    FIELD(struct group_page, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct group_page, cursor, .max = 40, .alphabet = ALPHABET_ID),
};
const struct record group_page_record = RECORD("group.page", struct group_page, page_fields);

static const struct field members_page_fields[] = {
    FIELD(struct group_members_page, group_id, .required = true),
    FIELD(struct group_members_page, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct group_members_page, cursor, .max = 80, .alphabet = ALPHABET_ID),
};
const struct record group_members_page_record =
    RECORD("group.members_page", struct group_members_page, members_page_fields);

static const struct field view_fields[] = {
    FIELD(struct group_view, group_id, .required = true),
    FIELD(struct group_view, name, .required = true),
    FIELD(struct group_view, description, .max = 500, .nullable = true),
    FIELD(struct group_view, avatar, .max = 1024, .nullable = true),
    FIELD(struct group_view, join_policy, .required = true),
    FIELD(struct group_view, owner_id, .required = true),
    FIELD(struct group_view, role, .required = true),
    FIELD(struct group_view, member_count),
    FIELD(struct group_view, created_at),
};
const struct record group_view_record = RECORD("group.view", struct group_view, view_fields);

static const struct field list_fields[] = {
    FIELD(struct group_list, total),
    FIELD(struct group_list, groups, .required = true, .max = 100, .of = &group_view_record),
    FIELD(struct group_list, next_cursor, .nullable = true),
};
const struct record group_list_record = RECORD("group.list", struct group_list, list_fields);

static const struct field member_view_fields[] = {
    FIELD(struct group_member_view, user_id, .required = true),
    FIELD(struct group_member_view, username, .required = true),
    FIELD(struct group_member_view, nickname, .required = true),
    FIELD(struct group_member_view, role, .required = true),
    FIELD(struct group_member_view, joined_at),
};
const struct record group_member_view_record =
    RECORD("group.member", struct group_member_view, member_view_fields);

static const struct field member_list_fields[] = {
    FIELD(struct group_member_list, total),
    FIELD(struct group_member_list, members, .required = true, .max = 100,
          .of = &group_member_view_record),
    FIELD(struct group_member_list, next_cursor, .nullable = true),
};
const struct record group_member_list_record =
    RECORD("group.member_list", struct group_member_list, member_list_fields);

static const struct field role_change_fields[] = {
    FIELD(struct group_role_change, group_id, .required = true),
    FIELD(struct group_role_change, user_id, .required = true),
    FIELD(struct group_role_change, role, .required = true, .min = 1, .max = 16),
};
const struct record group_role_change_record =
    RECORD("group.role_change", struct group_role_change, role_change_fields);

static const struct field transfer_fields[] = {
    FIELD(struct group_transfer, group_id, .required = true),
    FIELD(struct group_transfer, user_id, .required = true, .min = 1, .max = 40,
          .alphabet = ALPHABET_ID),
};
const struct record group_transfer_record =
    RECORD("group.transfer", struct group_transfer, transfer_fields);

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status check_member_ids(const struct strings *ids, struct error *err)
{
    CLEANUP(free) char **sorted = NULL;

    if (ids->n < 2)
        return STATUS_OK;
    sorted = memory_grow(NULL, ids->n, sizeof *sorted);
    memcpy(sorted, ids->items, ids->n * sizeof *sorted);
    qsort(sorted, ids->n, sizeof *sorted, compare_texts);
    for (size_t i = 1; i < ids->n; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            return error_field(err, STATUS_INVALID, "member_ids",
                               "field 'member_ids' names '%s' twice", sorted[i]);
    return STATUS_OK;
}

enum status group_create_check(const struct group_create *create, struct error *err)
{
    enum status s;

    s = shown_check_line(create->name, "name", err);
    if (s == STATUS_OK && create->description)
        s = shown_check_text(create->description, "description", err);
    if (s == STATUS_OK && create->avatar && *create->avatar)
        s = shown_check_address(create->avatar, "avatar", err);
    if (s != STATUS_OK)
        return s;
    if (create->join_policy && strcmp(create->join_policy, "open") != 0)
        return error_field(err, STATUS_INVALID, "join_policy", "field 'join_policy' must be open");
    return check_member_ids(&create->member_ids, err);
}

const struct record *const group_api_records[] = {
    &group_create_record,       &group_path_record,        &group_page_record,
    &group_members_page_record, &group_view_record,        &group_list_record,
    &group_member_view_record,  &group_member_list_record, &group_role_change_record,
    &group_transfer_record,
};
const size_t n_group_api_records = N_ELEMENTS(group_api_records);
