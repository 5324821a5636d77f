/* POST /api/files, GET /api/files/{file_id} and /thumbnail. */

#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file_name.h"
#include "base/memory.h"
#include "blob/blob.h"
#include "file_look.h"
#include "placeholder.h"
#include "token/digest.h"
#include "wire/file_api.h"

#define HOUR_MS INT64_C(3600000)

static const struct field file_fields[] = {
    FIELD_NAMED(struct file_document, id, "_id"),
    FIELD(struct file_document, user_id),
    FIELD(struct file_document, file_name),
    FIELD(struct file_document, file_size),
    FIELD(struct file_document, file_type),
    FIELD(struct file_document, mime_type),
    FIELD(struct file_document, sha256),
    FIELD(struct file_document, width, .omit_zero = true),
    FIELD(struct file_document, height, .omit_zero = true),
    FIELD(struct file_document, thumbnail_sha256),
    FIELD(struct file_document, thumbnail_size, .omit_zero = true),
    FIELD(struct file_document, created_at),
    FIELD(struct file_document, sweep_at),
    FIELD(struct file_document, avatar_of),
};
const struct record file_document_record =
    RECORD("message.file_document", struct file_document, file_fields);

static const struct field use_fields[] = {
    FIELD_NAMED(struct file_use, id, "_id"),
    FIELD(struct file_use, file_id),
    FIELD(struct file_use, message_id),
    FIELD(struct file_use, conversation_id),
    FIELD(struct file_use, seq),
};
const struct record file_use_record = RECORD("message.file_use", struct file_use, use_fields);

enum status files_prepare(struct message_state *message, struct error *err)
{
    static const struct {
        const char *collection;
        const char *keys;
    } indexes[] = {
        {FILES, "{'user_id': 1, '_id': 1}"},
        {FILES, "{'user_id': 1, 'created_at': 1}"},
        {FILES, "{'sha256': 1}"},
        {FILES, "{'thumbnail_sha256': 1}"},
        {FILES, "{'sweep_at': 1}"},
        {FILE_USES, "{'file_id': 1, 'conversation_id': 1}"},
        {FILE_USES, "{'message_id': 1}"},
        {FILE_USES, "{'conversation_id': 1, 'seq': 1}"},
    };
    enum status s = blobs_prepare(message->blobs, err);

    for (size_t i = 0; s == STATUS_OK && i < N_ELEMENTS(indexes); i++)
        s = store_index(message->store, indexes[i].collection, indexes[i].keys, false, 0, err);
    if (s == STATUS_OK)
        s = store_index_sparse(message->store, FILES, "{'avatar_of': 1}", err);
    return s;
}

void file_to_content(const struct file_document *file, struct content_file *ret)
{
    struct buffer url = {0};
    struct buffer thumbnail = {0};

    buffer_printf(&url, "/api/files/%s", file->id);
    buffer_printf(&thumbnail, "/api/files/%s/thumbnail", file->id);
    *ret = (struct content_file){
        .file_id = file->id,
        .file_name = file->file_name,
        .file_size = file->file_size,
        .file_type = file->file_type,
        .mime_type = file->mime_type,
        .url = buffer_take(&url),
        .thumbnail_url = buffer_take(&thumbnail),
        .width = file->width,
        .height = file->height,
    };
}

/* ---- Upload */

struct size {
    int64_t file_size;
};
static const struct field size_fields[] = {FIELD(struct size, file_size)};
static const struct record size_record = RECORD("message.file_size", struct size, size_fields);

enum status files_admit(void *state, struct call *call, struct error *err)
{
    struct message_state *message = state;
    struct list sizes = {0};
    const struct size *size;
    int64_t bytes = 0;
    size_t n;
    enum status s = store_find(
        message->store, FILES, &(struct store_find){.limit = FILES_PER_HOUR}, &size_record, &sizes,
        err, "{'user_id': %s, 'created_at': {'$gt': %ld}}", call->user_id, clock_now() - HOUR_MS);

    size = sizes.items;
    for (n = 0; n < sizes.n; n++)
        bytes += size[n].file_size;
    free(sizes.items);
    if (s != STATUS_OK || (n < FILES_PER_HOUR && bytes < FILE_BYTES_PER_HOUR))
        return s;
    http_set_retry_after(call, 600);
    return error_set(err, STATUS_TOO_FAST, "enough files for an hour: %d, or %lld bytes",
                     FILES_PER_HOUR, (long long)FILE_BYTES_PER_HOUR);
}

static enum status keep(struct message_state *message, int fd, char **ret_sha256, int64_t *ret_size,
                        struct error *err)
{
    char sha256[DIGEST_MAX];
    struct stat file;
    enum status s = digest_of_file(fd, sha256, err);

    if (s == STATUS_OK && fstat(fd, &file) != 0)
        s = error_set(err, STATUS_INTERNAL, "a file without a size");
    if (s == STATUS_OK)
        s = blob_put(message->blobs, sha256, fd, err);
    if (s != STATUS_OK)
        return s;
    *ret_sha256 = memory_text(sha256);
    *ret_size = file.st_size;
    return STATUS_OK;
}

/* First the bytes, then the document that knows of them: a crash in between leaves a blob without a
 * file, which the sweeper finds. */
static enum status keep_all(struct message_state *message, const struct http_upload *upload,
                            const struct file_facts *facts, struct file_document *file,
                            struct error *err)
{
    int fd = facts->clean_fd >= 0 ? facts->clean_fd : upload->fd;
    enum status s = keep(message, fd, &file->sha256, &file->file_size, err);

    if (s == STATUS_OK && facts->thumbnail_fd >= 0)
        s = keep(message, facts->thumbnail_fd, &file->thumbnail_sha256, &file->thumbnail_size, err);
    if (s == STATUS_OK)
        s = store_insert(message->store, FILES, &file_document_record, file, err);
    return s;
}

static void fill(const struct call *call, const struct http_upload *upload,
                 const struct file_facts *facts, struct file_document *ret)
{
    char id[ID_MAX];

    id_new("file_", id);
    ret->id = memory_text(id);
    ret->user_id = memory_text(call->user_id);
    ret->file_name = file_name_clean(upload->file_name);
    ret->file_type = memory_text(file_type_find(facts->mime_type)->kind);
    ret->mime_type = memory_text(facts->mime_type);
    ret->width = facts->width;
    ret->height = facts->height;
    ret->created_at = clock_now();
    ret->sweep_at = ret->created_at + FILE_UNUSED_MS;
}

static void answer(const struct file_document *file, struct content_file *ret)
{
    struct content_file content;

    file_to_content(file, &content);
    record_copy(&content_file_record, &content, ret);
    free(content.url);
    free(content.thumbnail_url);
}

enum status handle_file_upload(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct http_upload *upload = http_get_upload(call);
    CLEANUP(file_document_clear) struct file_document file = {0};
    struct file_facts facts;
    enum status s;

    (void)request;
    if (upload->size == 0)
        return error_field(err, STATUS_INVALID, "file", "field 'file' is empty");
    s = file_look(upload->fd, upload->size, call->user_id, &facts, err);
    if (s == STATUS_OK) {
        fill(call, upload, &facts, &file);
        s = keep_all(state, upload, &facts, &file, err);
    }
    file_facts_clear(&facts);
    if (s == STATUS_OK)
        answer(&file, reply);
    return s;
}

/* ---- Download: the bytes come from a blob, or stand for a file that has no picture */

struct download {
    struct file_document file;
    struct blob *blob;
    const struct placeholder *placeholder;
    char etag[DIGEST_MAX];
};

static void download_close(void *source)
{
    struct download *download = source;

    blob_close(download->blob);
    record_clear(&file_document_record, &download->file);
    free(download);
}

static enum status read_blob(void *source, int64_t offset, void *data, size_t room,
                             size_t *ret_length, struct error *err)
{
    struct download *download = source;

    return blob_read(download->blob, offset, data, room, ret_length, err);
}

static enum status read_placeholder(void *source, int64_t offset, void *data, size_t room,
                                    size_t *ret_length, struct error *err)
{
    const struct download *download = source;
    size_t left = (size_t)(download->placeholder->end - download->placeholder->data - offset);

    (void)err;
    *ret_length = left < room ? left : room;
    memcpy(data, download->placeholder->data + offset, *ret_length);
    return STATUS_OK;
}

/* A file whose blob is gone: it was removed this very moment. */
static enum status open_blob(struct message_state *message, const char *sha256,
                             struct download *download, struct error *err)
{
    enum status s = blob_open(message->blobs, sha256, &download->blob, err);

    (void)snprintf(download->etag, sizeof download->etag, "%s", sha256);
    return s == STATUS_NOT_FOUND ? error_set(err, s, "there is no such file") : s;
}

static enum status find(struct message_state *message, struct call *call, const char *file_id,
                        struct download **ret, struct error *err)
{
    struct download *download = memory_new(sizeof *download);
    enum status s = file_find_visible(message, call->user_id, file_id, &download->file, err);

    if (s == STATUS_OK)
        *ret = download;
    else
        download_close(download);
    return s;
}

enum status handle_file(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    const struct file_path *path = request;
    const struct file_type *type;
    struct download *download = NULL;
    enum status s = find(state, call, path->file_id, &download, err);

    (void)reply;
    if (s != STATUS_OK)
        return s;
    s = open_blob(state, download->file.sha256, download, err);
    if (s != STATUS_OK) {
        download_close(download);
        return s;
    }
    type = file_type_find(download->file.mime_type);
    http_send_file(
        call, &(struct http_file){
                  .content_type = type->is_inline ? type->mime_type : "application/octet-stream",
                  .name = download->file.file_name,
                  .is_inline = type->is_inline,
                  .etag = download->etag,
                  .size = blob_size(download->blob),
                  .read = read_blob,
                  .close = download_close,
                  .source = download,
              });
    return STATUS_OK;
}

static void send_placeholder(struct call *call, struct download *download)
{
    const struct placeholder *placeholder = placeholder_get(download->file.file_type);

    download->placeholder = placeholder;
    (void)snprintf(download->etag, sizeof download->etag, "placeholder-%s", placeholder->kind);
    http_send_file(call, &(struct http_file){
                             .content_type = "image/png",
                             .name = "thumbnail.png",
                             .is_inline = true,
                             .etag = download->etag,
                             .size = placeholder->end - placeholder->data,
                             .read = read_placeholder,
                             .close = download_close,
                             .source = download,
                         });
}

enum status handle_thumbnail(void *state, struct call *call, const void *request, void *reply,
                             struct error *err)
{
    const struct file_path *path = request;
    struct download *download = NULL;
    enum status s = find(state, call, path->file_id, &download, err);

    (void)reply;
    if (s != STATUS_OK)
        return s;
    if (!download->file.thumbnail_sha256) {
        send_placeholder(call, download);
        return STATUS_OK;
    }
    s = open_blob(state, download->file.thumbnail_sha256, download, err);
    if (s != STATUS_OK) {
        download_close(download);
        return s;
    }
    http_send_file(call, &(struct http_file){
                             .content_type = "image/jpeg",
                             .name = "thumbnail.jpg",
                             .is_inline = true,
                             .etag = download->etag,
                             .size = blob_size(download->blob),
                             .read = read_blob,
                             .close = download_close,
                             .source = download,
                         });
    return STATUS_OK;
}
