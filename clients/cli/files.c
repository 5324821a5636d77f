#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "commands.h"
#include "screen.h"

/* Files: up to the server and into a message, and down from one. */

static const struct {
    const char *file_type;
    int64_t msg_type;
} kinds[] = {{"image", MSG_IMAGE}, {"voice", MSG_VOICE}, {"video", MSG_VIDEO}, {"file", MSG_FILE}};

static int64_t kind_of(const char *file_type)
{
    for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
        if (file_type && strcmp(kinds[i].file_type, file_type) == 0)
            return kinds[i].msg_type;
    return MSG_FILE;
}

enum status run_upload(struct session *session, char *args, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct content_file file = {0};
    struct stat info;
    enum status s;

    if (stat(args, &info) != 0)
        return error_set(err, STATUS_INVALID, "%s: %s", args, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(err, STATUS_INVALID, "%s is no file", args);
    s = session_upload(session, "/api/files", args,
                       (struct api_answer){&content_file_record, &file, NULL}, err);
    if (s != STATUS_OK)
        return s;
    record_to_json(&content_file_record, &file, &json);
    outbox_add(&session->outbox, session->chosen->is_group, session->chosen->peer,
               kind_of(file.file_type), buffer_text(&json), args);
    record_clear(&content_file_record, &file);
    return STATUS_OK;
}

/* The last part of a name that somebody else chose, and nothing that hides or leads elsewhere. */
static const char *safe_name(const struct content_file *file)
{
    const char *name = file->file_name ? file->file_name : file->file_id;
    const char *slash = strrchr(name, '/');

    name = slash ? slash + 1 : name;
    name += strspn(name, ".");
    return *name ? name : file->file_id;
}

static enum status download(struct session *session, const struct content_file *file,
                            const char *name, struct error *err)
{
    enum status s;
    int fd;

    if (!file->url || file->url[0] != '/')
        return error_set(err, STATUS_INVALID, "this file is not the server's");
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set(err, STATUS_INVALID, "%s: %s", name, strerror(errno));
    s = session_download(session, file->url, fd, err);
    if (close(fd) != 0 && s == STATUS_OK)
        s = error_set(err, STATUS_INTERNAL, "%s: %s", name, strerror(errno));
    if (s == STATUS_OK)
        screen_note("%s is there", name);
    else
        (void)unlink(name); /* a part of it is worth nothing */
    return s;
}

enum status run_download(struct session *session, char *args, struct error *err)
{
    struct frame_message message = {0};
    struct content_file file = {0};
    enum status s = message_pick(session, &args, &message, err);

    if (s == STATUS_OK &&
        (message.msg_type < MSG_IMAGE || message.msg_type > MSG_FILE ||
         record_from_json(&content_file_record, message.content.text, strlen(message.content.text),
                          &file, NULL) != STATUS_OK))
        s = error_set(err, STATUS_INVALID, "there is no file in #%lld", (long long)message.seq);
    if (s == STATUS_OK)
        s = download(session, &file, *args ? args : safe_name(&file), err);
    record_clear(&content_file_record, &file);
    record_clear(&any_message_record, &message);
    return s;
}
