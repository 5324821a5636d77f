#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/private_file.h"
#include "base/temporary.h"

#define MANIFEST_MAX (4 * 1024 * 1024) /* some hundred bytes for each of a few dozen collections */

static const struct field collection_fields[] = {
    FIELD(struct manifest_collection, name, .required = true, .min = 1, .max = 120,
          .alphabet = ALPHABET_ID "."),
    FIELD(struct manifest_collection, documents, .required = true),
    FIELD(struct manifest_collection, bytes, .required = true),
    FIELD(struct manifest_collection, sha256, .required = true, .min = 64, .max = 64),
    FIELD(struct manifest_collection, options, .required = true, .max = 64 * 1024),
};
const struct record manifest_collection_record =
    RECORD("ctl.manifest_collection", struct manifest_collection, collection_fields);

static const struct field line_fields[] = {
    FIELD(struct manifest_collection, name),
    FIELD(struct manifest_collection, documents),
    FIELD(struct manifest_collection, bytes),
};
const struct record manifest_line_record =
    RECORD("ctl.manifest_line", struct manifest_collection, line_fields);

static const struct field manifest_fields[] = {
    FIELD(struct manifest, format, .required = true, .min = MANIFEST_FORMAT,
          .max = MANIFEST_FORMAT),
    FIELD(struct manifest, version),
    FIELD(struct manifest, taken_at, .required = true),
    FIELD(struct manifest, finished_at, .required = true),
    FIELD(struct manifest, documents, .required = true),
    FIELD(struct manifest, bytes, .required = true),
    FIELD(struct manifest, collections, .required = true, .max = 1000,
          .of = &manifest_collection_record),
};
const struct record manifest_record = RECORD("ctl.manifest", struct manifest, manifest_fields);

static enum status read_all(int fd, struct buffer *ret, struct error *err)
{
    ssize_t n = 1;

    while (n > 0 && ret->length < MANIFEST_MAX) {
        n = read(fd, buffer_reserve(ret, 65536), 65536);
        ret->length += n > 0 ? (size_t)n : 0;
    }
    if (n != 0)
        return error_set(err, STATUS_INVALID, MANIFEST " cannot be read: %s",
                         n < 0 ? strerror(errno) : "it is too long");
    return STATUS_OK;
}

enum status manifest_read(int folder_fd, struct manifest *ret, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    CLEANUP(temporary_close) int fd = openat(folder_fd, MANIFEST, O_RDONLY | O_CLOEXEC);
    struct error reason;
    enum status s;

    if (fd < 0)
        return error_set(err, STATUS_INVALID,
                         "this is no back-up, or one that was not finished: " MANIFEST ": %s",
                         strerror(errno));
    s = read_all(fd, &text, err);
    if (s == STATUS_OK && record_from_json(&manifest_record, buffer_text(&text), text.length, ret,
                                           &reason) != STATUS_OK)
        s = error_set(err, STATUS_INVALID, MANIFEST ": %s", reason.text);
    return s;
}

enum status manifest_write(int folder_fd, const struct manifest *manifest, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct error reason;

    record_to_json(&manifest_record, manifest, &text);
    buffer_add_text(&text, "\n");
    if (private_file_write(folder_fd, MANIFEST, (struct slice){text.data, text.length}, NULL,
                           &reason) != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, MANIFEST " cannot be written: %s", reason.text);
    return STATUS_OK;
}

char *manifest_file(const char *collection)
{
    struct buffer name = {0};

    buffer_printf(&name, "%s.bson.gz", collection);
    return buffer_take(&name);
}
