/* Files are added one after another to a file of their own, and compressed all at the end: libzip
 * asks for a file's bytes only while it writes the archive. */

#include "archive/archive.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/output.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/temporary.h"

#define FLUSH_BYTES (256 * 1024)
#define LEVEL 1 /* texts shrink to a fourth by it, five times as fast as by the default */

struct entry {
    char *name;
    int64_t offset;
};

struct archive {
    int fd; /* all files, as they are */
    int64_t length;
    struct buffer unwritten;
    struct entry *entries;
    size_t n;
    size_t room;
};

enum status archive_new(struct archive **ret, struct error *err)
{
    int fd = -1;
    enum status s = temporary_open(&fd, err);

    if (s != STATUS_OK)
        return s;
    *ret = memory_new(sizeof **ret);
    (*ret)->fd = fd;
    return STATUS_OK;
}

void archive_free(struct archive *archive)
{
    if (!archive)
        return;
    (void)close(archive->fd); /* nothing in it is needed any more */
    buffer_clear(&archive->unwritten);
    for (size_t i = 0; i < archive->n; i++)
        free(archive->entries[i].name);
    free(archive->entries);
    free(archive);
}

static bool is_safe(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_-./";
    size_t length = strlen(name);

    return length > 0 && length <= ARCHIVE_NAME_MAX && strspn(name, allowed) == length &&
           name[0] != '.' && name[0] != '/' && name[length - 1] != '/' && !strstr(name, "/.") &&
           !strstr(name, "//");
}

enum status archive_begin(struct archive *archive, const char *name, struct error *err)
{
    if (!is_safe(name))
        return error_set(err, STATUS_INTERNAL, "'%s' is no name for an archive's file", name);
    if (archive->n == archive->room) {
        archive->room = archive->room ? 2 * archive->room : 16;
        archive->entries = memory_grow(archive->entries, archive->room, sizeof *archive->entries);
    }
    archive->entries[archive->n++] =
        (struct entry){.name = memory_text(name), .offset = archive->length};
    return STATUS_OK;
}

static enum status flush(struct archive *archive, struct error *err)
{
    struct buffer *unwritten = &archive->unwritten;
    enum status s = temporary_write(archive->fd, unwritten->data, unwritten->length, err);

    unwritten->length = 0;
    return s;
}

enum status archive_add(struct archive *archive, const void *data, size_t length, struct error *err)
{
    if (archive->length + (int64_t)length > ARCHIVE_MAX)
        return error_set(err, STATUS_TOO_LARGE, "an archive has at most %lld bytes",
                         (long long)ARCHIVE_MAX);
    buffer_add(&archive->unwritten, data, length);
    archive->length += (int64_t)length;
    return archive->unwritten.length < FLUSH_BYTES ? STATUS_OK : flush(archive, err);
}

static bool add_entries(const struct archive *archive, zip_t *zip, zip_error_t *error)
{
    for (size_t i = 0; i < archive->n; i++) {
        const struct entry *entry = &archive->entries[i];
        int64_t end = i + 1 < archive->n ? entry[1].offset : archive->length;
        zip_source_t *source = input_new(archive->fd, entry->offset, end - entry->offset, error);
        zip_int64_t index;

        if (!source)
            return false;
        index = zip_file_add(zip, entry->name, source, ZIP_FL_ENC_UTF_8);
        if (index < 0) {
            zip_source_free(source);
            return false;
        }
        if (zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, LEVEL) != 0)
            return false;
    }
    return true;
}

/* The zip takes the source with it, closed or discarded. */
static enum status write_zip(const struct archive *archive, int fd, struct error *err)
{
    zip_error_t error;
    zip_source_t *target;
    zip_t *zip;
    enum status s = STATUS_OK;

    zip_error_init(&error);
    target = output_new(fd, &error);
    zip = target ? zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error) : NULL;
    if (!zip) {
        s = error_set(err, STATUS_INTERNAL, "no archive: %s", zip_error_strerror(&error));
        zip_source_free(target);
    } else if (!add_entries(archive, zip, &error)) {
        s = error_set(err, STATUS_INTERNAL, "no file of an archive: %s", zip_strerror(zip));
        zip_discard(zip);
    } else if (zip_close(zip) != 0) {
        s = error_set(err, STATUS_UNAVAILABLE, "cannot write an archive: %s", zip_strerror(zip));
        zip_discard(zip);
    }
    zip_error_fini(&error);
    return s;
}

enum status archive_finish(struct archive *archive, int *ret_fd, struct error *err)
{
    int fd = -1;
    enum status s = flush(archive, err);

    if (s == STATUS_OK)
        s = temporary_open(&fd, err);
    if (s == STATUS_OK)
        s = write_zip(archive, fd, err);
    if (s == STATUS_OK)
        *ret_fd = fd;
    else if (fd >= 0)
        (void)close(fd); /* what is in it is of no use */
    return s;
}
