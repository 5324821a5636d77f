#include "references.h"

#include <string.h>

/* Content is in our own form by now: outside of a text, and nowhere in one, a quote follows a comma
 * and is followed by a member's name. */
static bool may_name(const char *content)
{
    return strstr(content, ",\"at_") != NULL;
}

bool references_find(int64_t msg_type, const char *content, struct content_text *ret)
{
    return msg_type == MSG_TEXT && may_name(content) &&
           record_from_json(&content_text_record, content, strlen(content), ret, NULL) == STATUS_OK;
}

enum status references_check(int64_t msg_type, const char *content, const struct row_document *row,
                             struct error *err)
{
    struct content_text text;
    enum status s = STATUS_OK;

    if (!references_find(msg_type, content, &text))
        return STATUS_OK;
    if (text.at_all && row && !row_is_admin(row))
        s = error_field(err, STATUS_FORBIDDEN, "content.at_all",
                        "field 'content.at_all' is for the group's owner and admins");
    record_clear(&content_text_record, &text);
    return s;
}
