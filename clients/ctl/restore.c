/* A back-up into an empty database, and then a look whether what is there is what was. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/temporary.h"
#include "bus/inspect.h"
#include "commands.h"
#include "ctl.h"
#include "documents.h"
#include "output.h"
#include "settings.h"
#include "store/snapshot.h"

enum { CHANNEL_MEASURE = 2 };

/* Inserted at once: enough that the wait for the majority does not count, and little memory. */
#define RUN_BYTES (4 * 1024 * 1024)

/* ---- May it be? */

/* A database that holds anything is somebody's: his to drop, not ours. */
static enum status check_empty(struct store *store, struct error *err)
{
    CLEANUP(store_snapshot_close) struct store_snapshot *snapshot = NULL;
    enum status s = store_snapshot_open(store, &snapshot, err);
    const struct list *list;

    if (s != STATUS_OK)
        return s;
    list = store_snapshot_collections(snapshot);
    if (list->n > 0)
        return error_set(err, STATUS_CONFLICT,
                         "the database is not empty (it has a collection '%s'): restoring needs "
                         "one that is",
                         ((const struct store_collection *)list->items)->name);
    return STATUS_OK;
}

/* Commands that wait at the broker are from after the back-up: a change of a group, applied to the
 * older one, would be taken for the next that is made. And services that run would write. */
static enum status check_quiet(struct bus *bus, struct error *err)
{
    for (size_t i = 0; i < QUEUE_DEAD; i++) {
        struct queue_measure measure;
        enum status s = bus_look_at(bus, CHANNEL_MEASURE, queues[i].name, &measure, err);

        if (s != STATUS_OK)
            return s;
        if (measure.consumers > 0)
            return error_set(err, STATUS_CONFLICT,
                             "%s has a consumer: the services must not run meanwhile",
                             queues[i].name);
        if (measure.messages > 0)
            return error_set(err, STATUS_CONFLICT,
                             "%s has %" PRId64 " messages of another time: begin with an empty "
                             "broker",
                             queues[i].name, measure.messages);
    }
    return STATUS_OK;
}

static bool is_quiet(void)
{
    CLEANUP(settings_clear) struct settings settings = {0};
    struct bus *bus = NULL;
    struct error err;
    enum status s;

    if (!settings_read(&settings))
        return false;
    if (!settings.amqp_url) {
        complain("AMQP_URL is not set: nobody looks whether services run or messages wait");
        return true;
    }
    if (!settings_open_bus(&bus))
        return false;
    s = check_quiet(bus, &err);
    bus_close(bus);
    if (s != STATUS_OK)
        complain("%s", err.text);
    return s == STATUS_OK;
}

/* ---- In */

struct loading {
    struct store *store;
    const char *collection;
    struct buffer run;
};

static enum status flush_run(struct loading *loading, struct error *err)
{
    enum status s =
        store_insert_documents(loading->store, loading->collection,
                               (struct slice){loading->run.data, loading->run.length}, err);

    loading->run.length = 0;
    return s;
}

static enum status load_document(void *context, struct slice document, struct error *err)
{
    struct loading *loading = context;

    buffer_add(&loading->run, document.data, document.length);
    return loading->run.length < RUN_BYTES ? STATUS_OK : flush_run(loading, err);
}

static enum status load_one(struct store *store, int folder_fd,
                            const struct manifest_collection *said, struct error *err)
{
    struct loading loading = {.store = store, .collection = said->name};
    const struct store_collection collection = {.name = said->name, .options = said->options};
    enum status s = store_create(store, &collection, err);

    if (s == STATUS_OK)
        s = documents_read(folder_fd, said, load_document, &loading, err);
    if (s == STATUS_OK)
        s = flush_run(&loading, err);
    buffer_clear(&loading.run);
    return s;
}

/* ---- And back */

static enum status pass(void *context, struct slice document, struct error *err)
{
    (void)err;
    passing_add(context, document);
    return STATUS_OK;
}

static const struct store_collection *find_collection(const struct list *list, const char *name)
{
    const struct store_collection *collections = list->items;

    for (size_t i = 0; i < list->n; i++)
        if (strcmp(collections[i].name, name) == 0)
            return &collections[i];
    return NULL;
}

static enum status compare_one(struct store_snapshot *snapshot,
                               const struct manifest_collection *said, struct error *err)
{
    const struct store_collection *found =
        find_collection(store_snapshot_collections(snapshot), said->name);
    CLEANUP(passing_clear) struct passing passing = {0};
    enum status s;

    if (!found || strcmp(found->options.text, said->options.text) != 0)
        return error_set(err, STATUS_INVALID, "%s has not the indexes that it had", said->name);
    passing_init(&passing);
    s = store_snapshot_read(snapshot, said->name, pass, &passing, err);
    return s == STATUS_OK ? passing_check(&passing, said, "what was restored", err) : s;
}

/* ---- The command */

static enum status restore(struct store *store, int folder_fd, const struct manifest *manifest,
                           struct error *err)
{
    CLEANUP(store_snapshot_close) struct store_snapshot *snapshot = NULL;
    const struct manifest_collection *collections = manifest->collections.items;
    enum status s = check_empty(store, err);

    for (size_t i = 0; s == STATUS_OK && i < manifest->collections.n; i++)
        s = load_one(store, folder_fd, &collections[i], err);
    if (s == STATUS_OK)
        s = store_snapshot_open(store, &snapshot, err);
    for (size_t i = 0; s == STATUS_OK && i < manifest->collections.n; i++)
        s = compare_one(snapshot, &collections[i], err);
    return s;
}

static int restore_from(int folder_fd)
{
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    struct store *store = NULL;
    struct error err;
    enum status s = manifest_read(folder_fd, &manifest, &err);

    if (s == STATUS_OK && !settings_open_store(&store))
        return CTL_FAILED;
    if (s == STATUS_OK)
        s = restore(store, folder_fd, &manifest, &err);
    store_close(store);
    if (s != STATUS_OK) {
        complain("%s", err.text);
        return CTL_FAILED;
    }
    output_table(&manifest_line_record, &manifest.collections);
    printf("restored, and read back as it was: %" PRId64 " documents, %" PRId64 " bytes\n",
           manifest.documents, manifest.bytes);
    return CTL_OK;
}

int run_restore(int argc, char **argv)
{
    CLEANUP(temporary_close) int fd = -1;

    if (argc != 2 || *argv[1] == '-')
        return CTL_USAGE;
    fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        complain("%s: %s", argv[1], strerror(errno));
        return CTL_FAILED;
    }
    return is_quiet() ? restore_from(fd) : CTL_FAILED;
}
