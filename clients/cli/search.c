#include <string.h>

#include "commands.h"
#include "screen.h"

#define RESULTS 20 /* newest first: who looks for an older one says more words */

/* The conversation that a result is of, made when it is the first that we hear of it. */
static struct conversation *conversation_of_message(struct session *session,
                                                    const struct frame_message *message)
{
    struct conversation *c = conversation_find(session, message->conversation_id);
    const char *peer = message->to;

    if (c)
        return c;
    if (message->group_id)
        return conversation_of(session, true, message->group_id, NULL);
    if (!peer || strcmp(peer, session->grant.user_id) == 0)
        peer = message->from;
    return conversation_of(session, false, peer, NULL);
}

enum status run_search(struct session *session, char *args, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    CLEANUP(finds_clear) struct finds finds = {0};
    const struct find *find;
    enum status s;

    buffer_printf(&path, "/api/messages/search?limit=%d&q=", RESULTS);
    api_add_escaped(&path, args);
    s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){&finds_record, &finds, NULL}, err);
    if (s != STATUS_OK)
        return s;
    find = finds.messages.items;
    for (size_t i = finds.messages.n; i > 0; i--) /* as everything: the newest last */
        if (find[i - 1].message)
            message_show(session, conversation_of_message(session, find[i - 1].message),
                         find[i - 1].message);
    screen_note("%zu found%s", finds.messages.n,
                finds.next_cursor ? ", and older ones: say more words" : "");
    return STATUS_OK;
}
