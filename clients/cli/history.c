#include "history.h"

#include <string.h>

#include "replies.h"

struct history_end {
    bool has_more;
};

static const struct field history_end_fields[] = {
    FIELD(struct history_end, has_more, .required = true),
};
static const struct record history_end_record =
    RECORD("history", struct history_end, history_end_fields);

/* After the string that begins at p. */
static const char *skip_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return *p ? p + 1 : p;
}

/* After the object or array that begins at p: the text is known to be JSON, so only depth counts. */
static const char *skip_container(const char *p)
{
    int depth = 0;

    while (*p) {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
        if (depth == 0)
            break;
    }
    return p;
}

/* The array of the member "messages" of the outermost object. */
static const char *find_messages(const char *data)
{
    static const char key[] = "\"messages\":[";

    for (const char *p = data + 1; *p;) {
        if (strncmp(p, key, sizeof key - 1) == 0)
            return p + sizeof key - 1;
        if (*p == '"')
            p = skip_string(p);
        else if (*p == '{' || *p == '[')
            p = skip_container(p);
        else
            p++;
    }
    return NULL;
}

enum status history_open(const char *data, const char **ret_rest, bool *ret_more, struct error *err)
{
    struct history_end end;
    struct error reason;
    const char *messages;

    if (record_from_json(&history_end_record, data, strlen(data), &end, &reason) != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "the history is wrong: %s", reason.text);
    messages = find_messages(data);
    if (!messages)
        return error_set(err, STATUS_UNAVAILABLE, "the history has no messages");
    *ret_rest = messages;
    *ret_more = end.has_more;
    return STATUS_OK;
}

bool history_next(const char **rest, struct frame_message *ret)
{
    while (**rest == ',' || **rest == '{') {
        const char *start = *rest + (**rest == ',');

        *rest = skip_container(start);
        if (record_from_json(&any_message_record, start, (size_t)(*rest - start), ret, NULL) ==
            STATUS_OK)
            return true;
    }
    return false;
}
