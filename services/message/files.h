#ifndef MESSAGE_FILES_H
#define MESSAGE_FILES_H

#include "file_types.h"
#include "message.h"

/* Files: a document each in `files`, the bytes as blobs by their SHA-256, and in `file_uses` the
 * messages that hold them, written by the owner with the message.
 *
 * A file goes when it is nobody's avatar and no message has held it for a day, and with the last
 * file its blob. sweep_at says when the sweeper looks at one: a day after it came, and after
 * somebody let go of it; 0: it is in use. Whoever is about to use a file moves that on first, and
 * the sweeper removes only what is still due, so neither can undo the other. */

#define FILES "files"
#define FILE_USES "file_uses"

#define FILE_UNUSED_MS INT64_C(86400000) /* then it is nobody's */
#define FILE_LEFT_MS INT64_C(600000)     /* after the last message let go of it */

/* Of one user in an hour: a long holiday's pictures, and not a disk's worth. */
#define FILES_PER_HOUR 500
#define FILE_BYTES_PER_HOUR (INT64_C(4) * 1024 * 1024 * 1024)

struct file_document {
    char *id; /* "_id": file_… */
    char *user_id;
    char *file_name;
    int64_t file_size;
    char *file_type; /* image, voice, video, file */
    char *mime_type;
    char *sha256;
    int64_t width; /* as it is shown: turned by its orientation */
    int64_t height;
    char *thumbnail_sha256; /* NULL: it has none */
    int64_t thumbnail_size;
    int64_t created_at;
    int64_t sweep_at;
    char *avatar_of; /* NULL, or user_id: he shows it as his picture, to everybody */
};
extern const struct record file_document_record;
DEFINE_RECORD_CLEANUP(struct file_document, file_document)

struct file_use {
    char *id; /* "_id": <file_id>/<message's _id> */
    char *file_id;
    char *message_id; /* the message's _id */
    char *conversation_id;
    int64_t seq;
};
extern const struct record file_use_record;

/* Once, before anything else. */
MUST_CHECK enum status files_prepare(struct message_state *message, struct error *err);

/* files.c: POST /api/files and GET of a file and its thumbnail. */
http_admit files_admit;
http_handler handle_file_upload;
http_handler handle_file;
http_handler handle_thumbnail;

/* The content of a message that holds it: of texts file has, and url is ours. *ret owns nothing but
 * url and thumbnail_url, which the caller frees. */
void file_to_content(const struct file_document *file, struct content_file *ret);

/* avatars.c: does user say that it is his avatar? */
MUST_CHECK enum status avatar_is_shown(struct message_state *message, const char *user_id,
                                       const char *file_id, bool *ret, struct error *err);

/* file_access.c: the file, if the user may see it: he uploaded it, or may read a message that holds
 * it, or it is an avatar. NOT_FOUND otherwise. */
MUST_CHECK enum status file_find_visible(struct message_state *message, const char *user_id,
                                         const char *file_id, struct file_document *ret,
                                         struct error *err);

/* file_sweep.c: the worker. */
void file_sweep_run(void *state, struct service_context *context);

/* For who leaves: his files that no message holds go, the others are nobody's from now on. Until
 * deadline (clock_monotonic()); *ret_done: that was all. */
MUST_CHECK enum status files_erase(struct message_state *message, const char *user_id,
                                   int64_t deadline, bool *ret_done, struct error *err);

#endif
