#include <inttypes.h>
#include <string.h>

#include "session.h"

/* What a message holds, in words. */

static const struct {
    int64_t seconds;
    const char *name;
} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};

/* "1 h", "90 s" */
static void add_duration(struct buffer *ret, int64_t seconds)
{
    for (size_t i = 0; i < N_ELEMENTS(units); i++)
        if (seconds % units[i].seconds == 0) {
            buffer_printf(ret, "%" PRId64 " %s", seconds / units[i].seconds, units[i].name);
            return;
        }
}

static void add_size(struct buffer *ret, int64_t bytes)
{
    static const char *const names[] = {"KiB", "MiB", "GiB"};
    double size = (double)bytes / 1024;
    size_t i = 0;

    if (bytes < 1024) {
        buffer_printf(ret, "%" PRId64 " bytes", bytes);
        return;
    }
    for (; size >= 1024 && i + 1 < N_ELEMENTS(names); i++)
        size /= 1024;
    buffer_printf(ret, size < 10 ? "%.1f %s" : "%.0f %s", size, names[i]);
}

/* [image photo.jpg, 1.2 MiB, 800 x 600] */
static void add_file(struct buffer *ret, const struct content_file *file)
{
    buffer_printf(ret, "[%s %s", file->file_type ? file->file_type : "file",
                  file->file_name ? file->file_name : file->file_id);
    if (file->file_size) {
        buffer_add_text(ret, ", ");
        add_size(ret, file->file_size);
    }
    if (file->width && file->height)
        buffer_printf(ret, ", %" PRId64 " x %" PRId64, file->width, file->height);
    if (file->duration) {
        buffer_add_text(ret, ", ");
        add_duration(ret, (file->duration + 999) / 1000);
    }
    buffer_add_text(ret, "]");
}

void content_add(struct buffer *ret, int64_t msg_type, const char *json)
{
    union {
        struct content_text text;
        struct content_location location;
        struct content_file file;
    } content;
    const struct record *rec = msg_type == MSG_TEXT       ? &content_text_record
                               : msg_type == MSG_LOCATION ? &content_location_record
                               : msg_type >= MSG_IMAGE && msg_type <= MSG_FILE
                                   ? &content_file_record
                                   : NULL;

    if (!rec || record_from_json(rec, json, strlen(json), &content, NULL) != STATUS_OK) {
        buffer_add_text(ret, json); /* a card, or what is newer than we are: as it was sent */
        return;
    }
    if (rec == &content_text_record)
        buffer_add_text(ret, content.text.text);
    else if (rec == &content_location_record)
        buffer_printf(ret, "[place %s, %.5f %.5f]", content.location.title, content.location.lat,
                      content.location.lng);
    else
        add_file(ret, &content.file);
    record_clear(rec, &content);
}

/* ---- What is no person's message */

/* The users' names but except's, as a list after before; nothing when there are none. */
static void add_names(struct session *session, struct buffer *ret, const char *before,
                      const struct strings *user_ids, const char *except)
{
    for (size_t i = 0; i < user_ids->n; i++) {
        if (except && strcmp(user_ids->items[i], except) == 0)
            continue;
        buffer_printf(ret, "%s%s", before, session_name(session, user_ids->items[i]));
        before = ", ";
    }
}

static const char *role_words(const char *role)
{
    if (strcmp(role, "owner") == 0)
        return "the owner";
    return strcmp(role, "admin") == 0 ? "an admin" : "a member";
}

/* "bob is an admin now, carol is the owner now" */
static void add_roles(struct session *session, struct buffer *ret, const struct list *roles)
{
    const struct role *role = roles->items;

    for (size_t i = 0; i < roles->n; i++)
        buffer_printf(ret, "%s%s is %s now", i ? ", " : "", session_name(session, role[i].user_id),
                      role_words(role[i].role));
}

/* "bob, carol joined", "alice made the group: bob, carol", "alice left" */
static void add_event(struct session *session, struct buffer *ret, const char *actor,
                      const struct told *told)
{
    const char *event = told->event;

    if (strcmp(event, "group.created") == 0) {
        buffer_printf(ret, "%s made the group", session_name(session, actor));
        add_names(session, ret, ": ", &told->user_ids, actor);
    } else if (strcmp(event, "group.role") == 0) {
        add_roles(session, ret, &told->roles);
    } else if (strcmp(event, "conversation.timer") == 0) {
        buffer_printf(ret, "%s lets messages %s", session_name(session, actor),
                      told->seconds ? "disappear after " : "stay from now on");
        if (told->seconds)
            add_duration(ret, told->seconds);
    } else if (told->text) {
        buffer_printf(ret, "%s: %s", session_name(session, actor), told->text);
    } else {
        if (told->user_ids.n > 0)
            add_names(session, ret, "", &told->user_ids, NULL);
        else
            buffer_add_text(ret, session_name(session, actor));
        buffer_printf(ret, " %s%s", strncmp(event, "group.", 6) == 0 ? event + 6 : event,
                      told->roles.n ? ", " : ""); /* who owns it after him who left */
        add_roles(session, ret, &told->roles);
    }
}

void content_add_system(struct session *session, struct buffer *ret,
                        const struct frame_message *frame)
{
    const char *json = frame->content.text;
    struct told told;

    if (record_from_json(&told_record, json, strlen(json), &told, NULL) != STATUS_OK) {
        buffer_add_text(ret, json);
        return;
    }
    add_event(session, ret, told.user_id ? told.user_id : frame->from, &told);
    record_clear(&told_record, &told);
}
