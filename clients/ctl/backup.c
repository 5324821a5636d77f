/* All of the database as it was at one moment, while people write, into a folder of files. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/gzip.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "base/version.h"
#include "commands.h"
#include "ctl.h"
#include "documents.h"
#include "output.h"
#include "settings.h"
#include "store/snapshot.h"

/* Cursors of sync name what a device has. After a restore some devices have more than the server,
 * whose seqs go on from the back-up's: such a device must not go on from where it was, so no cursor
 * is to be known (docs/decisions/0197). */
static const char *const left_out[] = {"sync_states"};

static bool is_left_out(const char *collection)
{
    for (size_t i = 0; i < N_ELEMENTS(left_out); i++)
        if (strcmp(left_out[i], collection) == 0)
            return true;
    return false;
}

/* ---- One collection */

struct writing {
    struct gzip *gzip;
    struct passing passing;
};

static enum status write_document(void *context, struct slice document, struct error *err)
{
    struct writing *writing = context;

    passing_add(&writing->passing, document);
    return gzip_write(writing->gzip, document.data, document.length, err);
}

static enum status begin_file(int folder_fd, const char *collection, struct gzip **ret,
                              struct error *err)
{
    CLEANUP(free) char *name = manifest_file(collection);
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return error_set(err, STATUS_UNAVAILABLE, "%s: %s", name, strerror(errno));
    return gzip_write_open(fd, ret, err);
}

static enum status back_up_one(struct store_snapshot *snapshot, int folder_fd,
                               const struct store_collection *collection, struct manifest *manifest,
                               struct error *err)
{
    struct writing writing = {0};
    struct manifest_collection *made;
    char sum[DIGEST_MAX];
    enum status s = begin_file(folder_fd, collection->name, &writing.gzip, err);

    if (s != STATUS_OK)
        return s;
    passing_init(&writing.passing);
    s = store_snapshot_read(snapshot, collection->name, write_document, &writing, err);
    if (s == STATUS_OK)
        s = gzip_finish(TAKE(writing.gzip), err);
    gzip_close(writing.gzip);
    digest_end(writing.passing.digest, sum);
    made = list_add(&manifest->collections, &manifest_collection_record);
    *made = (struct manifest_collection){
        .name = memory_text(collection->name),
        .documents = writing.passing.documents,
        .bytes = writing.passing.bytes,
        .sha256 = memory_text(sum),
        .options.text = memory_text(collection->options.text),
    };
    manifest->documents += made->documents;
    manifest->bytes += made->bytes;
    passing_clear(&writing.passing);
    return s;
}

/* ---- All of them */

static enum status back_up(struct store *store, int folder_fd, struct manifest *manifest,
                           struct error *err)
{
    CLEANUP(store_snapshot_close) struct store_snapshot *snapshot = NULL;
    const struct store_collection *collections;
    const struct list *list;
    enum status s;

    manifest->format = MANIFEST_FORMAT;
    manifest->version = memory_text(parley_version);
    manifest->taken_at = clock_now();
    s = store_snapshot_open(store, &snapshot, err);
    if (s != STATUS_OK)
        return s;
    list = store_snapshot_collections(snapshot);
    collections = list->items;
    for (size_t i = 0; s == STATUS_OK && i < list->n; i++)
        if (!is_left_out(collections[i].name))
            s = back_up_one(snapshot, folder_fd, &collections[i], manifest, err);
    manifest->finished_at = clock_now();
    if (s == STATUS_OK && manifest->documents == 0)
        s = error_set(err, STATUS_NOT_FOUND, "the database is empty: is it the right one?");
    return s == STATUS_OK ? manifest_write(folder_fd, manifest, err) : s;
}

static void print_manifest(const struct manifest *manifest, const char *word, bool as_json)
{
    if (as_json) {
        output_json(&manifest_record, manifest);
        return;
    }
    output_table(&manifest_line_record, &manifest->collections);
    printf("%s: %" PRId64 " documents of %zu collections, %" PRId64 " bytes\n", word,
           manifest->documents, manifest->collections.n, manifest->bytes);
}

static int make(const char *folder, bool as_json)
{
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    CLEANUP(temporary_close) int fd = -1;
    struct store *store = NULL;
    struct error err;
    enum status s;

    if (!settings_open_store(&store))
        return CTL_FAILED;
    if (mkdir(folder, 0700) != 0 || (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        complain("%s: %s", folder, strerror(errno));
        store_close(store);
        return CTL_FAILED;
    }
    s = back_up(store, fd, &manifest, &err);
    store_close(store);
    if (s != STATUS_OK) {
        complain("%s", err.text);
        complain("%s is incomplete, and no back-up", folder);
        return CTL_FAILED;
    }
    print_manifest(&manifest, "backed up", as_json);
    return CTL_OK;
}

/* ---- Is it whole? */

static enum status look_only(void *context, struct slice document, struct error *err)
{
    (void)context;
    (void)document;
    (void)err;
    return STATUS_OK;
}

static int verify(const char *folder, bool as_json)
{
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    CLEANUP(temporary_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct manifest_collection *collections;
    int status = CTL_OK;
    struct error err;

    if (fd < 0) {
        complain("%s: %s", folder, strerror(errno));
        return CTL_FAILED;
    }
    if (manifest_read(fd, &manifest, &err) != STATUS_OK) {
        complain("%s", err.text);
        return CTL_FAILED;
    }
    collections = manifest.collections.items;
    for (size_t i = 0; i < manifest.collections.n; i++)
        if (documents_read(fd, &collections[i], look_only, NULL, &err) != STATUS_OK) {
            complain("%s", err.text);
            status = CTL_FAILED;
        }
    if (status == CTL_OK)
        print_manifest(&manifest, "whole", as_json);
    return status;
}

int run_backup(int argc, char **argv)
{
    bool as_json = take_flag(&argc, argv, "--json");
    bool only_look = take_flag(&argc, argv, "--verify");

    if (argc != 2 || *argv[1] == '-')
        return CTL_USAGE;
    return only_look ? verify(argv[1], as_json) : make(argv[1], as_json);
}
