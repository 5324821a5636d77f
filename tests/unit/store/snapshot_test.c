/* Against a real replica set: the one of STORE_TEST_URI; without it only what needs none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "store/snapshot.h"

static struct store *store;
static struct error err;

static void need_server(void)
{
    if (!store)
        skip();
}

/* One BSON document {"_id": number}. */
static struct slice document(int32_t number)
{
    static char bytes[14] = {14, 0, 0, 0, 0x10, '_', 'i', 'd', 0};

    memcpy(bytes + 9, &number, sizeof number); /* little-endian, as BSON and our machines are */
    return (struct slice){bytes, sizeof bytes};
}

static void insert(const char *collection, int32_t number)
{
    assert_int_equal(store_insert_documents(store, collection, document(number), &err), STATUS_OK);
}

struct seen {
    int32_t numbers[10];
    size_t n;
};

static enum status see(void *context, struct slice slice, struct error *unused)
{
    struct seen *seen = context;

    (void)unused;
    assert_int_equal(slice.length, 14);
    memcpy(&seen->numbers[seen->n++], slice.data + 9, sizeof(int32_t));
    return STATUS_OK;
}

static const struct store_collection *find(const struct store_snapshot *snapshot, const char *name)
{
    const struct list *list = store_snapshot_collections(snapshot);
    const struct store_collection *collections = list->items;

    for (size_t i = 0; i < list->n; i++)
        if (strcmp(collections[i].name, name) == 0)
            return &collections[i];
    return NULL;
}

static void shows_one_moment_in_the_order_of_ids(void **state)
{
    CLEANUP(store_snapshot_close) struct store_snapshot *snapshot = NULL;
    struct seen seen = {0};
    char things[ID_MAX];

    (void)state;
    need_server();
    id_new("snapshot_", things);
    insert(things, 7);
    insert(things, 3);
    assert_int_equal(store_snapshot_open(store, &snapshot, &err), STATUS_OK);
    insert(things, 5);
    assert_int_equal(store_delete(store, things, NULL, &err, "{'_id': 7}"), STATUS_OK);
    assert_int_equal(store_snapshot_read(snapshot, things, see, &seen, &err), STATUS_OK);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.numbers[0], 3);
    assert_int_equal(seen.numbers[1], 7);
}

static void makes_a_collection_with_the_indexes_of_another(void **state)
{
    CLEANUP(store_snapshot_close) struct store_snapshot *before = NULL;
    CLEANUP(store_snapshot_close) struct store_snapshot *after = NULL;
    struct store_collection copy = {0};
    char things[ID_MAX];
    char others[ID_MAX];

    (void)state;
    need_server();
    id_new("indexed_", things);
    id_new("copied_", others);
    assert_int_equal(store_index(store, things, "{'b': 1, 'a': -1}", true, 0, &err), STATUS_OK);
    assert_int_equal(store_index_sparse(store, things, "{'a': 1}", &err), STATUS_OK);
    assert_int_equal(store_index(store, things, "{'at': 1}", false, 3600, &err), STATUS_OK);
    assert_int_equal(store_snapshot_open(store, &before, &err), STATUS_OK);
    copy = (struct store_collection){others, find(before, things)->options};
    assert_int_equal(store_create(store, &copy, &err), STATUS_OK);
    assert_int_equal(store_create(store, &copy, &err), STATUS_CONFLICT);
    assert_int_equal(store_snapshot_open(store, &after, &err), STATUS_OK);
    assert_string_equal(find(after, others)->options.text, copy.options.text);
    assert_non_null(strstr(copy.options.text, "expireAfterSeconds"));
}

static void refuses_what_is_no_document(void **state)
{
    struct store_collection bad = {(char *)"bad", {(char *)"{}"}};
    char broken[14];

    (void)state;
    need_server();
    memcpy(broken, document(1).data, sizeof broken);
    broken[4] = 0x7e; /* no type of BSON's */
    assert_int_equal(store_insert_documents(store, "bad", (struct slice){broken, 14}, &err),
                     STATUS_INVALID);
    assert_int_equal(store_insert_documents(store, "bad", (struct slice){broken, 9}, &err),
                     STATUS_INVALID);
    assert_int_equal(store_create(store, &bad, &err), STATUS_INVALID);
}

static void knows_lengths_that_can_be(void **state)
{
    static const char huge[] = {0, 0, 0, 0x7f};
    static const char small[] = {4, 0, 0, 0};

    (void)state;
    assert_int_equal(store_document_length(document(1)), 14);
    assert_int_equal(store_document_length((struct slice){huge, 4}), 0);
    assert_int_equal(store_document_length((struct slice){small, 4}), 0);
    assert_int_equal(store_document_length((struct slice){small, 3}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_lengths_that_can_be),
        cmocka_unit_test(shows_one_moment_in_the_order_of_ids),
        cmocka_unit_test(makes_a_collection_with_the_indexes_of_another),
        cmocka_unit_test(refuses_what_is_no_document),
    };
    const char *uri = getenv("STORE_TEST_URI");
    int failed;

    if (uri && store_open(uri, &store, &err) != STATUS_OK)
        return 1;
    failed = cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
    store_close(store);
    return failed;
}
