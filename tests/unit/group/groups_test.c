#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "services/group/group.h"

static void ownership_passes_to_the_oldest_admin_else_the_oldest_member(void **state)
{
    static const struct {
        struct {
            const char *user_id;
            const char *role;
            int64_t joined_at;
        } members[4];
        const char *successor;
    } cases[] = {
        {{{"o", "member", 1}}, NULL},
        {{{"o", "member", 1}, {"bot", "admin", 1}, {"a", "member", 2}}, "a"},
        {{{"o", "member", 1}, {"bot", "member", 1}}, "bot"},
        {{{"o", "member", 1}, {"a", "member", 3}, {"b", "member", 2}}, "b"},
        {{{"o", "member", 1}, {"a", "member", 2}, {"b", "member", 2}}, "a"},
        {{{"o", "member", 1}, {"a", "member", 2}, {"b", "admin", 4}, {"c", "admin", 3}}, "c"},
        {{{"o", "admin", 1}, {"a", "admin", 2}, {"b", "member", 1}}, "a"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(group_clear) struct group group = {.owner_id = memory_text("o")};
        const struct member *successor;

        for (size_t j = 0; j < 4 && cases[i].members[j].user_id; j++) {
            struct member *member = list_add(&group.members, &member_record);

            member->user_id = memory_text(cases[i].members[j].user_id);
            member->role = memory_text(cases[i].members[j].role);
            member->joined_at = cases[i].members[j].joined_at;
            member->bot = strcmp(member->user_id, "bot") == 0;
        }
        successor = members_successor(&group);
        if (cases[i].successor)
            assert_string_equal(successor->user_id, cases[i].successor);
        else
            assert_null(successor);
    }
}

static enum status check(const char *json, struct error *err)
{
    struct group_create create;
    enum status s;

    s = record_from_json(&group_create_record, json, strlen(json), &create, err);
    if (s == STATUS_OK)
        s = group_create_check(&create, err);
    record_clear(&group_create_record, &create);
    return s;
}

static void refuses_a_group_that_cannot_be_and_names_the_field(void **state)
{
    static const struct {
        const char *json;
        const char *field;
    } cases[] = {
        {"{}", "name"},
        {"{\"name\":\"\"}", "name"},
        {"{\"name\":\"  \"}", "name"},
        {"{\"name\":\"a\\nb\"}", "name"},
        {"{\"name\":\"a\",\"description\":\"\\u0000\"}", ""},
        {"{\"name\":\"a\",\"description\":\"\\u0008\"}", "description"},
        {"{\"name\":\"a\",\"avatar\":\"data:image/png;base64,\"}", "avatar"},
        {"{\"name\":\"a\",\"join_policy\":\"maybe\"}", "join_policy"},
        {"{\"name\":\"a\",\"join_policy\":\"invite\"}", "join_policy"},
        {"{\"name\":\"a\",\"member_ids\":[\"u1\",\"u2\",\"u1\"]}", "member_ids"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error err = {0};

        assert_int_not_equal(check(cases[i].json, &err), STATUS_OK);
        assert_string_equal(err.field, cases[i].field);
    }
}

static void accepts_an_ordinary_group(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(check("{\"name\":\"Sea 🌊\",\"description\":\"a\\nb\",\"avatar\":\"\","
                           "\"join_policy\":\"open\",\"member_ids\":[\"u1\",\"u2\"]}",
                           &err),
                     STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ownership_passes_to_the_oldest_admin_else_the_oldest_member),
        cmocka_unit_test(refuses_a_group_that_cannot_be_and_names_the_field),
        cmocka_unit_test(accepts_an_ordinary_group),
    };

    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
