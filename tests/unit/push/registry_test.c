#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/push/registry.h"

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct registry));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    registry_clear(*state);
    free(*state);
    return 0;
}

static void finds_seats_and_their_users(void **state)
{
    struct registry *registry = *state;
    struct user *anna = registry_get_user(registry, "user_anna");
    struct seat *phone = registry_seat_new(registry, anna, 7, "session_phone", "");
    struct seat *desk = registry_seat_new(registry, anna, 9, "session_desk", "");

    assert_ptr_equal(registry_get_user(registry, "user_anna"), anna);
    assert_ptr_equal(registry_find_user(registry, slice_of("user_anna")), anna);
    assert_null(registry_find_user(registry, slice_of("user_ann")));
    assert_ptr_equal(registry_find_seat(registry, 7), phone);
    assert_ptr_equal(registry_find_seat(registry, 9), desk);
    assert_null(registry_find_seat(registry, 8));
    registry_seat_free(registry, phone, 100);
    assert_null(registry_find_seat(registry, 7));
    assert_int_equal(anna->n_seats, 1);
    assert_ptr_equal(anna->seats[0], desk);
}

static void keeps_those_without_a_seat_in_the_order_of_their_going(void **state)
{
    struct registry *registry = *state;
    struct user *anna = registry_get_user(registry, "user_anna");
    struct user *ben = registry_get_user(registry, "user_ben");
    struct user *carl = registry_get_user(registry, "user_carl");
    struct seat *a = registry_seat_new(registry, anna, 1, "s", "");
    struct seat *b = registry_seat_new(registry, ben, 2, "s", "");
    struct seat *c = registry_seat_new(registry, carl, 3, "s", "");

    assert_null(registry->first_idle);
    registry_seat_free(registry, b, 10);
    registry_seat_free(registry, a, 20);
    registry_seat_free(registry, c, 30);
    assert_ptr_equal(registry->first_idle, ben);
    assert_int_equal(ben->left_at, 10);
    registry_seat_new(registry, anna, 4, "s", ""); /* she is back */
    assert_ptr_equal(ben->next_idle, carl);
    assert_int_equal(anna->left_at, 0);
    registry_user_free(registry, ben);
    assert_ptr_equal(registry->first_idle, carl);
    registry_set_idle(registry, carl, 40);
    assert_ptr_equal(registry->first_idle, carl);
    assert_int_equal(carl->left_at, 40);
}

static void counts_sockets_by_address(void **state)
{
    struct registry *registry = *state;
    struct user *anna = registry_get_user(registry, "user_anna");
    struct seat *first = registry_seat_new(registry, anna, 1, "s", "10.0.0.1");

    registry_seat_new(registry, anna, 2, "s", "10.0.0.1");
    registry_seat_new(registry, anna, 3, "s", "");
    assert_int_equal(registry_address_count(registry, "10.0.0.1"), 2);
    assert_int_equal(registry_address_count(registry, "10.0.0.2"), 0);
    assert_int_equal(registry_address_count(registry, ""), 0);
    registry_seat_free(registry, first, 1);
    assert_int_equal(registry_address_count(registry, "10.0.0.1"), 1);
}

static void follows_a_change_of_members_only_forward(void **state)
{
    struct registry *registry = *state;
    struct user *anna = registry_get_user(registry, "user_anna");
    struct membership *membership;
    struct group *group;

    assert_true(registry_set_member(registry, anna, "group_a", 3, 17, true));
    assert_false(registry_set_member(registry, anna, "group_a", 3, 99, true));
    assert_false(registry_set_member(registry, anna, "group_a", 2, 5, false));
    membership = registry_find_membership(anna, "group_a");
    group = registry_find_group(registry, slice_of("group_a"));
    assert_ptr_equal(membership->group, group);
    assert_int_equal(membership->from_seq, 17);
    assert_int_equal(group->n_members, 1);
    assert_true(registry_set_member(registry, anna, "group_a", 4, 20, false));
    assert_int_equal(group->n_members, 0);
    assert_false(registry_set_member(registry, anna, "group_a", 3, 17, true)); /* the late copy */
    assert_int_equal(group->n_members, 0);
    assert_true(registry_set_member(registry, anna, "group_a", 5, 30, true));
    assert_int_equal(membership->from_seq, 30); /* of the second stay */
    assert_true(registry_set_member(registry, anna, "group_a", 7, 40, true));
    assert_int_equal(membership->from_seq, 40); /* of the third: his leaving was not heard of */
    assert_int_equal(group->n_members, 1);
}

static void keeps_the_other_members_when_one_leaves(void **state)
{
    static const char *const names[] = {"user_a", "user_b", "user_c", "user_d"};
    struct registry *registry = *state;
    struct group *group;

    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        assert_true(registry_set_member(registry, registry_get_user(registry, names[i]), "group_a",
                                        1, 1, true));
    group = registry_find_group(registry, slice_of("group_a"));
    registry_user_free(registry, registry_find_user(registry, slice_of("user_b")));
    assert_int_equal(group->n_members, 3);
    for (size_t i = 0; i < group->n_members; i++) {
        assert_int_equal(group->members[i]->place, i);
        assert_string_not_equal(group->members[i]->user->id, "user_b");
    }
}

static void lists_groups_whose_members_changed_once(void **state)
{
    struct registry *registry = *state;
    struct user *anna = registry_get_user(registry, "user_anna");
    struct user *ben = registry_get_user(registry, "user_ben");
    struct group *group;

    registry_set_member(registry, anna, "group_a", 1, 1, true);
    registry_set_member(registry, ben, "group_a", 1, 1, true);
    group = registry_take_listed(registry);
    assert_string_equal(group->id, "group_a");
    assert_null(registry_take_listed(registry));
    registry_leave_all(registry, anna);
    registry_leave_all(registry, ben);
    assert_ptr_equal(registry_take_listed(registry), group);
    assert_int_equal(group->n_known, 0);
    registry_group_free(registry, group);
    assert_null(registry_find_group(registry, slice_of("group_a")));
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(finds_seats_and_their_users),
        STORY(keeps_those_without_a_seat_in_the_order_of_their_going),
        STORY(counts_sockets_by_address),
        STORY(follows_a_change_of_members_only_forward),
        STORY(keeps_the_other_members_when_one_leaves),
        STORY(lists_groups_whose_members_changed_once),
    };

    return cmocka_run_group_tests_name("push registry", tests, NULL, NULL);
}
