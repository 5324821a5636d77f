/* Files that no message holds, and blobs that no file has, go: each a day, or some minutes, after
 * they were left. Any replica may do it, one at a time; every step may be repeated. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "blob/blob.h"
#include "files.h"
#include "log/log.h"

#define SWEEPS "sweeps"
#define LOOK_MS 1000                     /* how often a replica asks whether it is its turn */
#define FILES_EVERY_MS INT64_C(60000)    /* due files are looked for */
#define BLOBS_EVERY_MS INT64_C(86400000) /* all blobs are looked at: for what crashes have left */
#define PAGE 200
#define ERASE_PAGE 20  /* between two looks at the clock */
#define PAGES_MAX 1000 /* in one turn: others may want to stop */

/* From a blob's put to the document that knows of it are seconds, and the longest put takes as long
 * as the slowest disk. */
#define BLOB_GRACE_MS INT64_C(300000)
#define HALF_PUT_MS INT64_C(3600000)

struct turn {
    char *id;
    int64_t next_at;
};
static const struct field turn_fields[] = {
    FIELD_NAMED(struct turn, id, "_id"),
    FIELD(struct turn, next_at),
};
static const struct record turn_record = RECORD("message.turn", struct turn, turn_fields);
DEFINE_RECORD_CLEANUP(struct turn, turn)

/* As little of a file as is looked at. */
struct due_file {
    char *id;
    char *sha256;
    char *thumbnail_sha256;
    int64_t sweep_at;
    char *avatar_of;
};
static const struct field due_file_fields[] = {
    FIELD_NAMED(struct due_file, id, "_id"),  FIELD(struct due_file, sha256),
    FIELD(struct due_file, thumbnail_sha256), FIELD(struct due_file, sweep_at),
    FIELD(struct due_file, avatar_of),
};
static const struct record due_file_record =
    RECORD("message.due_file", struct due_file, due_file_fields);

/* ---- Blobs */

/* Unless a file has it, or it was put just now by somebody who is about to have it. */
static enum status remove_unwanted(struct message_state *message, const char *key,
                                   struct error *err)
{
    int64_t n = 0;
    enum status s = store_count(message->store, FILES, 1, &n, err,
                                "{'$or': [{'sha256': %s}, {'thumbnail_sha256': %s}]}", key, key);

    if (s == STATUS_OK && n == 0)
        s = blob_remove(message->blobs, key, clock_now() - BLOB_GRACE_MS, err);
    return s;
}

static enum status sweep_blobs(struct message_state *message, struct error *err)
{
    CLEANUP(free) char *after = memory_text("");
    enum status s = blob_sweep(message->blobs, clock_now() - HALF_PUT_MS, err);

    while (s == STATUS_OK && after && !message->context->stopping) {
        struct strings keys = {0};

        s = blob_list(message->blobs, after, clock_now() - BLOB_GRACE_MS, PAGE, &keys, err);
        free(TAKE(after));
        for (size_t i = 0; s == STATUS_OK && i < keys.n; i++)
            s = remove_unwanted(message, keys.items[i], err);
        if (keys.n == PAGE)
            after = memory_text(keys.items[PAGE - 1]);
        strings_clear(&keys);
    }
    return s;
}

/* ---- Files */

static enum status is_used(struct message_state *message, const char *file_id, bool *ret,
                           struct error *err)
{
    int64_t n = 0;
    enum status s = store_count(message->store, FILE_USES, 1, &n, err, "{'file_id': %s}", file_id);

    *ret = n > 0;
    return s;
}

static enum status release(struct message_state *message, const struct due_file *file,
                           struct error *err)
{
    enum status s = remove_unwanted(message, file->sha256, err);

    if (s == STATUS_OK && file->thumbnail_sha256)
        s = remove_unwanted(message, file->thumbnail_sha256, err);
    return s;
}

/* From here on it is a file as others are, and as guarded as they: *ret_shown says that it is not
 * so, because it is shown. */
static enum status sweep_avatar(struct message_state *message, const struct due_file *file,
                                bool *ret_shown, struct error *err)
{
    enum status s = avatar_is_shown(message, file->avatar_of, file->id, ret_shown, err);

    if (s != STATUS_OK || *ret_shown)
        return s;
    return store_update(message->store, FILES, 0, NULL, err,
                        "[{'_id': %s, 'sweep_at': %ld}, {'$unset': {'avatar_of': ''}}]", file->id,
                        file->sweep_at);
}

/* Guarded by sweep_at: who has begun to use the file, or let go of it, meanwhile has moved it. */
static enum status sweep_file(struct message_state *message, const struct due_file *file,
                              struct error *err)
{
    int64_t deleted = 0;
    bool used = false;
    enum status s = STATUS_OK;

    if (file->avatar_of)
        s = sweep_avatar(message, file, &used, err);
    if (s == STATUS_OK && !used)
        s = is_used(message, file->id, &used, err);
    if (s != STATUS_OK)
        return s;
    if (used)
        return store_update(message->store, FILES, 0, NULL, err,
                            "[{'_id': %s, 'sweep_at': %ld}, {'$set': {'sweep_at': 0}}]", file->id,
                            file->sweep_at);
    s = store_delete(message->store, FILES, &deleted, err, "{'_id': %s, 'sweep_at': %ld}", file->id,
                     file->sweep_at);
    return s == STATUS_OK && deleted > 0 ? release(message, file, err) : s;
}

static enum status sweep_page(struct message_state *message, size_t *ret_n, struct error *err)
{
    const struct store_find how = {.sort = "{'sweep_at': 1}", .limit = PAGE};
    struct list due = {0};
    const struct due_file *file;
    enum status s = store_find(message->store, FILES, &how, &due_file_record, &due, err,
                               "{'sweep_at': {'$gt': 0, '$lte': %ld}}", clock_now());

    file = due.items;
    for (size_t i = 0; s == STATUS_OK && i < due.n; i++)
        s = sweep_file(message, &file[i], err);
    *ret_n = due.n;
    list_clear(&due, &due_file_record);
    return s;
}

static enum status sweep_files(struct message_state *message, struct error *err)
{
    enum status s = STATUS_OK;
    size_t n = PAGE;

    for (int i = 0; s == STATUS_OK && n == PAGE && i < PAGES_MAX && !message->context->stopping;
         i++)
        s = sweep_page(message, &n, err);
    return s;
}

/* ---- The worker */

/* NOT_FOUND: it is not time, or another replica has the turn. */
static enum status take_turn(struct message_state *message, const char *what, int64_t every_ms,
                             struct error *err)
{
    CLEANUP(turn_clear) struct turn turn = {0};
    int64_t now = clock_now();

    return store_find_and_update(message->store, SWEEPS, &turn_record, &turn, err,
                                 "[{'_id': %s, 'next_at': {'$lte': %ld}}, "
                                 "{'$set': {'next_at': %ld}}]",
                                 what, now, now + every_ms);
}

static enum status make_turn(struct message_state *message, const char *what, struct error *err)
{
    return store_update(message->store, SWEEPS, STORE_UPSERT, NULL, err,
                        "[{'_id': %s}, {'$setOnInsert': {'next_at': 0}}]", what);
}

static void sweep(struct message_state *message, const char *what, int64_t every_ms,
                  enum status (*run)(struct message_state *message, struct error *err))
{
    struct error err = {0};
    enum status s = take_turn(message, what, every_ms, &err);

    if (s == STATUS_OK)
        s = run(message, &err);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND && s != STATUS_UNAVAILABLE)
        log_error("files are not swept", LOG_TEXT("what", what), LOG_TEXT("reason", err.text));
}

void file_sweep_run(void *state, struct service_context *context)
{
    struct message_state *message = state;
    struct error err = {0};
    bool is_made = false;

    while (!context->stopping) {
        if (!is_made)
            is_made = make_turn(message, FILES, &err) == STATUS_OK &&
                      make_turn(message, "blobs", &err) == STATUS_OK;
        if (is_made) {
            sweep(message, FILES, FILES_EVERY_MS, sweep_files);
            sweep(message, "blobs", BLOBS_EVERY_MS, sweep_blobs);
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
}

/* ---- Who leaves */

/* What no message holds goes; the rest is nobody's from now on, and goes when it is let go of. */
static enum status erase_file(struct message_state *message, const struct due_file *file,
                              struct error *err)
{
    bool used;
    enum status s = is_used(message, file->id, &used, err);

    if (s != STATUS_OK)
        return s;
    if (used)
        return store_update(message->store, FILES, 0, NULL, err,
                            "[{'_id': %s}, {'$set': {'user_id': ''}, '$unset': {'avatar_of': ''}}]",
                            file->id);
    s = store_delete(message->store, FILES, NULL, err, "{'_id': %s}", file->id);
    return s == STATUS_OK ? release(message, file, err) : s;
}

static enum status erase_page(struct message_state *message, const char *user_id, size_t *ret_n,
                              struct error *err)
{
    struct list files = {0};
    const struct due_file *file;
    enum status s = store_find(message->store, FILES, &(struct store_find){.limit = ERASE_PAGE},
                               &due_file_record, &files, err, "{'user_id': %s}", user_id);

    file = files.items;
    for (size_t i = 0; s == STATUS_OK && i < files.n; i++)
        s = erase_file(message, &file[i], err);
    *ret_n = files.n;
    list_clear(&files, &due_file_record);
    return s;
}

enum status files_erase(struct message_state *message, const char *user_id, int64_t deadline,
                        bool *ret_done, struct error *err)
{
    enum status s = STATUS_OK;
    size_t n = 1;

    while (s == STATUS_OK && n > 0 && clock_monotonic() < deadline)
        s = erase_page(message, user_id, &n, err);
    *ret_done = s == STATUS_OK && n == 0;
    return s;
}
