/* The calls of store.h against a real replica set: the one of STORE_TEST_URI, and without it only
 * what needs none. Its collections are made for the run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/store.h"

struct thing {
    char *id;
    char *name;
    int64_t size;
    bool flag;
};

static const struct field fields[] = {
    FIELD_NAMED(struct thing, id, "_id"),
    FIELD(struct thing, name),
    FIELD(struct thing, size),
    FIELD(struct thing, flag),
};
static const struct record thing_record = RECORD("test.thing", struct thing, fields);
DEFINE_RECORD_CLEANUP(struct thing, thing)

static struct store *store;
static char things[ID_MAX]; /* a collection of this run's own */
static struct error err;

static void need_server(void)
{
    if (!store)
        skip();
    assert_int_equal(store_delete(store, things, NULL, &err, "{}"), STATUS_OK);
}

static enum status insert(const char *id, const char *name, int64_t size)
{
    struct thing thing = {.id = (char *)id, .name = (char *)name, .size = size, .flag = true};

    return store_insert(store, things, &thing_record, &thing, &err);
}

static void leaves_nothing_in_shared_memory(void **state)
{
    char path[64];

    (void)state;
    (void)snprintf(path, sizeof path, "/dev/shm/mongoc-%d", (int)getpid());
    assert_int_not_equal(access(path, F_OK), 0);
}

static void finds_what_was_inserted(void **state)
{
    CLEANUP(thing_clear) struct thing thing = {0};

    (void)state;
    need_server();
    assert_int_equal(insert("a", "anna", 7), STATUS_OK);
    assert_int_equal(
        store_find_one(store, things, &thing_record, &thing, &err, "{'name': %s}", "anna"),
        STATUS_OK);
    assert_string_equal(thing.id, "a");
    assert_int_equal(thing.size, 7);
    assert_true(thing.flag);
}

static void says_not_found_and_leaves_the_result_alone(void **state)
{
    struct thing thing = {0};

    (void)state;
    need_server();
    assert_int_equal(store_find_one(store, things, &thing_record, &thing, &err, "{'_id': 'no'}"),
                     STATUS_NOT_FOUND);
    assert_null(thing.id);
    assert_int_equal(store_find_and_update(store, things, &thing_record, &thing, &err,
                                           "[{'_id': 'no'}, {'$inc': {'size': 1}}]"),
                     STATUS_NOT_FOUND);
}

static void refuses_an_id_that_is_taken(void **state)
{
    (void)state;
    need_server();
    assert_int_equal(insert("a", "anna", 1), STATUS_OK);
    assert_int_equal(insert("a", "bert", 2), STATUS_ID_TAKEN);
}

static void keeps_a_unique_index_that_is_made_twice(void **state)
{
    char unique[ID_MAX]; /* an index outlives the documents */
    struct thing one = {.id = (char *)"a", .name = (char *)"anna"};
    struct thing other = {.id = (char *)"b", .name = (char *)"anna"};

    (void)state;
    need_server();
    id_new("unique_", unique);
    for (int i = 0; i < 2; i++)
        assert_int_equal(store_index(store, unique, "{'name': 1}", true, 0, &err), STATUS_OK);
    assert_int_equal(store_insert(store, unique, &thing_record, &one, &err), STATUS_OK);
    assert_int_equal(store_insert(store, unique, &thing_record, &other, &err), STATUS_ID_TAKEN);
}

static void stores_a_prefix_of_a_batch_with_a_duplicate(void **state)
{
    struct thing items[] = {{.id = (char *)"a", .name = (char *)"1"},
                            {.id = (char *)"b", .name = (char *)"2"},
                            {.id = (char *)"a", .name = (char *)"3"},
                            {.id = (char *)"c", .name = (char *)"4"}};
    const void *values[] = {&items[0], &items[1], &items[2], &items[3]};
    struct list found = {0};

    (void)state;
    need_server();
    assert_int_equal(store_insert_many(store, things, &thing_record, values, 4, &err),
                     STATUS_ID_TAKEN);
    assert_int_equal(store_find(store, things, &(struct store_find){.sort = "{'_id': -1}"},
                                &thing_record, &found, &err, "{}"),
                     STATUS_OK);
    assert_int_equal(found.n, 2);
    assert_string_equal(((struct thing *)found.items)[0].id, "b");
    for (size_t i = 0; i < found.n; i++)
        record_clear(&thing_record, (struct thing *)found.items + i);
    free(found.items);
}

static void limits_and_pages_what_is_found(void **state)
{
    struct list found = {0};

    (void)state;
    need_server();
    for (int i = 0; i < 5; i++) {
        char id[] = {(char)('a' + i), '\0'};

        assert_int_equal(insert(id, id, i), STATUS_OK);
    }
    assert_int_equal(store_find(store, things,
                                &(struct store_find){.sort = "{'size': -1}", .limit = 2},
                                &thing_record, &found, &err, "{'size': {'$lt': %ld}}", (int64_t)4),
                     STATUS_OK);
    assert_int_equal(found.n, 2);
    assert_int_equal(((struct thing *)found.items)[1].size, 2);
    for (size_t i = 0; i < found.n; i++)
        record_clear(&thing_record, (struct thing *)found.items + i);
    free(found.items);
}

static void updates_upserts_and_counts_what_matched(void **state)
{
    CLEANUP(thing_clear) struct thing thing = {0};
    int64_t n = -1;

    (void)state;
    need_server();
    assert_int_equal(
        store_update(store, things, 0, &n, &err, "[{'_id': 'a'}, {'$set': {'size': 1}}]"),
        STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_update(store, things, STORE_UPSERT, &n, &err,
                                  "[{'_id': 'a'}, {'$set': {'size': %ld}}]", (int64_t)5),
                     STATUS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_find_and_update(store, things, &thing_record, &thing, &err,
                                           "[{'_id': 'a'}, {'$inc': {'size': 1}}]"),
                     STATUS_OK);
    assert_int_equal(thing.size, 6);
    assert_int_equal(insert("b", "b", 6), STATUS_OK);
    assert_int_equal(store_update(store, things, STORE_MANY, &n, &err,
                                  "[{'size': 6}, [{'$set': {'size': {'$add': ['$size', 1]}}}]]"),
                     STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_delete(store, things, &n, &err, "{'size': 7}"), STATUS_OK);
    assert_int_equal(n, 2);
}

static void runs_many_updates_in_one_round_trip(void **state)
{
    struct store_bulk *bulk;
    CLEANUP(thing_clear) struct thing thing = {0};

    (void)state;
    need_server();
    bulk = store_bulk_new(store, things);
    store_bulk_add(bulk, STORE_UPSERT, "[{'_id': %s}, {'$max': {'size': %ld}}]", "a", (int64_t)3);
    store_bulk_add(bulk, STORE_UPSERT, "[{'_id': %s}, {'$max': {'size': %ld}}]", "b", (int64_t)4);
    store_bulk_add(bulk, STORE_MANY, "[{'size': {'$gt': 0}}, {'$set': {'name': 'x'}}]");
    assert_int_equal(store_bulk_run(bulk, &err), STATUS_OK);
    assert_int_equal(store_find_one(store, things, &thing_record, &thing, &err, "{'_id': 'b'}"),
                     STATUS_OK);
    assert_string_equal(thing.name, "x");
    assert_int_equal(store_bulk_run(store_bulk_new(store, things), &err), STATUS_OK);
}

static void reads_only_the_fields_of_the_record(void **state)
{
    static const struct field few[] = {FIELD(struct thing, size)};
    static const struct record few_record = RECORD("test.few", struct thing, few);
    CLEANUP(thing_clear) struct thing thing = {0};

    (void)state;
    need_server();
    assert_int_equal(insert("a", "anna", 7), STATUS_OK);
    assert_int_equal(store_find_one(store, things, &few_record, &thing, &err, "{'_id': 'a'}"),
                     STATUS_OK);
    assert_int_equal(thing.size, 7);
    assert_null(thing.id);
    assert_null(thing.name);
}

static void counts_up_to_its_limit(void **state)
{
    int64_t n = -1;

    (void)state;
    need_server();
    assert_int_equal(store_count(store, things, 10, &n, &err, "{}"), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(insert("a", "anna", 1), STATUS_OK);
    assert_int_equal(insert("b", "bert", 2), STATUS_OK);
    assert_int_equal(insert("c", "carl", 3), STATUS_OK);
    assert_int_equal(store_count(store, things, 10, &n, &err, "{'size': {'$gt': 1}}"), STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_count(store, things, 2, &n, &err, "{}"), STATUS_OK);
    assert_int_equal(n, 2);
}

static void estimates_and_measures_without_looking(void **state)
{
    struct store_size size = {0};
    struct store_size all = {0};
    int64_t n = -1;

    (void)state;
    need_server();
    assert_int_equal(insert("a", "anna", 1), STATUS_OK);
    assert_int_equal(insert("b", "bert", 2), STATUS_OK);
    assert_int_equal(store_estimate(store, things, &n, &err), STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_measure(store, things, &size, &err), STATUS_OK);
    assert_in_range(size.data_bytes, 40, 400);
    assert_true(size.index_bytes > 0);
    assert_int_equal(store_measure(store, NULL, &all, &err), STATUS_OK);
    assert_true(all.data_bytes >= size.data_bytes && all.index_bytes >= size.index_bytes);
    assert_int_equal(store_estimate(store, "nothing_of_that_name", &n, &err), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_measure(store, "nothing_of_that_name", &size, &err), STATUS_OK);
    assert_int_equal(size.data_bytes, 0);
}

static void reports_a_bad_addition_when_the_bulk_is_run(void **state)
{
    struct store *nowhere;
    struct store_bulk *bulk;

    (void)state;
    assert_int_equal(store_open("mongodb://127.0.0.1:1/x", &nowhere, &err), STATUS_OK);
    bulk = store_bulk_new(nowhere, "things");
    store_bulk_add(bulk, 0, "[{'_id': 1}]");
    store_bulk_add(bulk, 0, "[{'_id': 1}, {'size': 1}]");
    assert_int_equal(store_bulk_run(bulk, &err), STATUS_INTERNAL);
    assert_string_equal(err.text, "template: not [filter, update]");
    store_bulk_free(store_bulk_new(nowhere, "things"));
    store_close(nowhere);
}

static void calls_a_server_that_is_away_unavailable_within_its_limit(void **state)
{
    struct store *nowhere;
    struct thing thing = {.id = (char *)"a"};
    int64_t start = clock_monotonic();

    (void)state;
    assert_int_equal(store_open("mongodb://127.0.0.1:1/x?replicaSet=rs0", &nowhere, &err),
                     STATUS_OK);
    assert_int_equal(store_ping(nowhere, &err), STATUS_UNAVAILABLE);
    assert_int_equal(store_insert(nowhere, "things", &thing_record, &thing, &err),
                     STATUS_UNAVAILABLE);
    assert_in_range(clock_monotonic() - start, 0, 20000); /* by itself it waits for 30 s */
    store_close(nowhere);
}

static void refuses_a_bad_uri(void **state)
{
    struct store *none = NULL;

    (void)state;
    assert_int_equal(store_open("http://127.0.0.1", &none, &err), STATUS_INVALID);
    assert_null(none);
}

static int open_store(void **state)
{
    const char *uri = getenv("STORE_TEST_URI");

    (void)state;
    id_new("things_", things);
    return uri && store_open(uri, &store, &err) != STATUS_OK;
}

static int close_store(void **state)
{
    (void)state;
    if (store && store_delete(store, things, NULL, &err, "{}") != STATUS_OK)
        return 1;
    store_close(store);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_nothing_in_shared_memory),
        cmocka_unit_test(finds_what_was_inserted),
        cmocka_unit_test(says_not_found_and_leaves_the_result_alone),
        cmocka_unit_test(refuses_an_id_that_is_taken),
        cmocka_unit_test(keeps_a_unique_index_that_is_made_twice),
        cmocka_unit_test(stores_a_prefix_of_a_batch_with_a_duplicate),
        cmocka_unit_test(limits_and_pages_what_is_found),
        cmocka_unit_test(updates_upserts_and_counts_what_matched),
        cmocka_unit_test(runs_many_updates_in_one_round_trip),
        cmocka_unit_test(reads_only_the_fields_of_the_record),
        cmocka_unit_test(counts_up_to_its_limit),
        cmocka_unit_test(estimates_and_measures_without_looking),
        cmocka_unit_test(reports_a_bad_addition_when_the_bulk_is_run),
        cmocka_unit_test(calls_a_server_that_is_away_unavailable_within_its_limit),
        cmocka_unit_test(refuses_a_bad_uri),
    };

    return cmocka_run_group_tests_name("store", tests, open_store, close_store);
}
