#include "documents.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "archive/gzip.h"
#include "store/snapshot.h"

void passing_init(struct passing *passing)
{
    *passing = (struct passing){.digest = digest_new()};
}

void passing_clear(struct passing *passing)
{
    digest_free(passing->digest);
    *passing = (struct passing){0};
}

void passing_add(struct passing *passing, struct slice document)
{
    digest_add(passing->digest, document.data, document.length);
    passing->documents++;
    passing->bytes += (int64_t)document.length;
}

enum status passing_check(struct passing *passing, const struct manifest_collection *said,
                          const char *what, struct error *err)
{
    char sum[DIGEST_MAX];

    digest_end(passing->digest, sum);
    if (passing->documents != said->documents)
        return error_set(err, STATUS_INVALID,
                         "%s of %s has %" PRId64 " documents where there were %" PRId64, what,
                         said->name, passing->documents, said->documents);
    if (strcmp(sum, said->sha256) != 0)
        return error_set(err, STATUS_INVALID, "%s of %s is not what was backed up (SHA-256)", what,
                         said->name);
    return STATUS_OK;
}

/* ---- Files */

/* The next document, with its length before it, into room. */
static enum status read_document(struct gzip *gzip, struct buffer *room, bool *ret_more,
                                 struct error *err)
{
    char head[4];
    size_t length;
    bool whole;
    enum status s = gzip_read(gzip, head, sizeof head, ret_more, err);

    if (s != STATUS_OK || !*ret_more)
        return s;
    length = store_document_length((struct slice){head, sizeof head});
    if (length == 0)
        return error_set(err, STATUS_INVALID, "it is damaged");
    room->length = 0;
    buffer_add(room, head, sizeof head);
    s = gzip_read(gzip, buffer_reserve(room, length - sizeof head), length - sizeof head, &whole,
                  err);
    if (s == STATUS_OK && !whole)
        s = error_set(err, STATUS_INVALID, "it is cut");
    room->length = length;
    return s;
}

/* No further than the manifest says: a file that goes on and on would fill the database. */
static enum status read_all(struct gzip *gzip, const struct manifest_collection *said,
                            struct passing *passing, take_document *take, void *context,
                            struct error *err)
{
    CLEANUP(buffer_clear) struct buffer room = {0};
    bool more = true;
    enum status s = read_document(gzip, &room, &more, err);

    while (s == STATUS_OK && more) {
        const struct slice document = {room.data, room.length};

        passing_add(passing, document);
        if (passing->documents > said->documents || passing->bytes > said->bytes)
            return error_set(err, STATUS_INVALID, "it holds more than was backed up");
        s = take(context, document, err);
        if (s == STATUS_OK)
            s = read_document(gzip, &room, &more, err);
    }
    return s;
}

enum status documents_read(int folder_fd, const struct manifest_collection *said,
                           take_document *take, void *context, struct error *err)
{
    CLEANUP(passing_clear) struct passing passing = {0};
    CLEANUP(gzip_close) struct gzip *gzip = NULL;
    CLEANUP(free) char *name = manifest_file(said->name);
    /* NONBLOCK: a FIFO is an empty file, and nobody waits for it. */
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct error reason;
    enum status s;

    if (fd < 0)
        return error_set(err, STATUS_INVALID, "%s: %s", name, strerror(errno));
    s = gzip_read_open(fd, &gzip, err);
    if (s != STATUS_OK)
        return s;
    passing_init(&passing);
    s = read_all(gzip, said, &passing, take, context, &reason);
    if (s != STATUS_OK)
        return error_set(err, s, "%s: %s", name, reason.text);
    return passing_check(&passing, said, "the file", err);
}
