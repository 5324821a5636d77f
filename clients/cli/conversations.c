#include "session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "history.h"
#include "screen.h"

#define PAGE 100

/* ---- The table */

struct conversation *conversation_find(struct session *session, const char *id)
{
    for (struct conversation *c = session->conversations; c; c = c->next)
        if (strcmp(c->id, id) == 0)
            return c;
    return NULL;
}

static struct conversation *find_or_add(struct session *session, const char *id, bool is_group,
                                        const char *peer, const char *name)
{
    struct conversation *c = conversation_find(session, id);

    if (c && !c->name)
        c->name = memory_text(name);
    if (c)
        return c;
    c = memory_new(sizeof *c);
    c->id = memory_text(id);
    c->is_group = is_group;
    c->peer = memory_text(peer);
    c->name = memory_text(name);
    c->next = session->conversations;
    session->conversations = c;
    return c;
}

struct conversation *conversation_of(struct session *session, bool is_group, const char *peer,
                                     const char *name)
{
    char id[CONVERSATION_ID_MAX];

    if (is_group)
        conversation_id_group(peer, id);
    else
        conversation_id_single(session->grant.user_id, peer, id);
    return find_or_add(session, id, is_group, peer, name);
}

void conversations_clear(struct session *session)
{
    struct conversation *next;

    for (struct conversation *c = session->conversations; c; c = next) {
        next = c->next;
        free(c->id);
        free(c->peer);
        free(c->name);
        strings_clear(&c->pinned);
        free(c);
    }
    session->conversations = NULL;
    session->chosen = NULL;
    free(session->cursor);
    session->cursor = NULL;
    numbers_clear(&session->numbers);
}

void conversation_pin(struct conversation *c, const char *message_id, bool is_pinned)
{
    struct strings kept = {0};

    for (size_t i = 0; i < c->pinned.n; i++)
        if (strcmp(c->pinned.items[i], message_id) != 0)
            strings_add(&kept, c->pinned.items[i]);
    if (is_pinned)
        strings_add(&kept, message_id);
    strings_clear(&c->pinned);
    c->pinned = kept;
}

/* ---- History */

static void show_once(struct session *session, struct conversation *c,
                      const struct frame_message *frame)
{
    bool is_own = strcmp(frame->from, session->grant.user_id) == 0;

    if (frame->seq <= c->seen)
        return;
    c->seen = frame->seq;
    session->marks_due = true;
    if (is_own) {
        c->sent_seq = frame->seq;
        c->read_seq = c->delivered_seq = frame->seq; /* sending reads */
    }
    if (c->muted && c != session->chosen && !is_own)
        c->unread += frame->msg_type != MSG_SYSTEM;
    else
        message_show(session, c, frame);
}

/* One page of history by query ("after_seq=7"). */
static enum status get_page(struct session *session, const struct conversation *c,
                            const char *query, int64_t seq, int64_t limit, char **ret,
                            struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_printf(&path, "/api/messages/%s/", c->is_group ? "group" : "private");
    api_add_escaped(&path, c->peer);
    buffer_printf(&path, "?limit=%" PRId64 "&%s=%" PRId64, limit, query, seq);
    return session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                        (struct api_answer){.text = ret}, err);
}

enum status conversation_catch_up(struct session *session, struct conversation *c,
                                  struct error *err)
{
    bool more = true;

    while (more) {
        CLEANUP(free) char *page = NULL;
        const char *rest = NULL;
        struct frame_message frame;
        int64_t before = c->seen;
        enum status s = get_page(session, c, "after_seq", c->seen, PAGE, &page, err);

        if (s == STATUS_OK)
            s = history_open(page, &rest, &more, err);
        if (s != STATUS_OK)
            return s;
        while (history_next(&rest, &frame)) {
            show_once(session, c, &frame);
            record_clear(&any_message_record, &frame);
        }
        if (more && c->seen == before)
            return error_set(err, STATUS_UNAVAILABLE, "the history does not go on after %" PRId64,
                             c->seen);
    }
    return STATUS_OK;
}

enum status conversation_pick(struct session *session, struct conversation *c, int64_t seq,
                              struct frame_message *ret, struct error *err)
{
    CLEANUP(free) char *page = NULL;
    const char *rest = NULL;
    bool more;
    enum status s = get_page(session, c, "after_seq", seq - 1, 1, &page, err);

    if (s == STATUS_OK)
        s = history_open(page, &rest, &more, err);
    if (s != STATUS_OK)
        return s;
    if (history_next(&rest, ret)) {
        if (ret->seq == seq)
            return STATUS_OK;
        record_clear(&any_message_record, ret);
    }
    return error_set(err, STATUS_NOT_FOUND, "there is no message #%" PRId64 " here", seq);
}

enum status conversation_list(struct session *session, struct conversation *c, int64_t n,
                              struct error *err)
{
    CLEANUP(free) char *page = NULL;
    const char *rest = NULL;
    struct frame_message frame;
    bool more;
    enum status s = get_page(session, c, "last_seq", 0, n, &page, err);

    if (s == STATUS_OK)
        s = history_open(page, &rest, &more, err);
    if (s != STATUS_OK)
        return s;
    while (history_next(&rest, &frame)) {
        message_show(session, c, &frame);
        record_clear(&any_message_record, &frame);
    }
    return STATUS_OK;
}

/* ---- What arrives */

enum status conversation_take(struct session *session, const struct frame_message *frame,
                              struct error *err)
{
    bool is_group = frame->group_id != NULL;
    const char *peer = frame->group_id;
    struct conversation *c;
    enum status s;

    if (!is_group && frame->to && strcmp(frame->from, session->grant.user_id) == 0)
        peer = frame->to;
    else if (!is_group)
        peer = frame->from;
    c = find_or_add(session, frame->conversation_id, is_group, peer, NULL);
    if (frame->seq > c->seen + 1) {
        s = conversation_catch_up(session, c, err);
        if (s == STATUS_UNAVAILABLE || s == STATUS_UNAUTHENTICATED || s == STATUS_INTERNAL)
            return s; /* later */
        /* Otherwise we may not read it (any more); what came by the socket was for us. */
    }
    show_once(session, c, frame);
    return STATUS_OK;
}

/* ---- Catching up by sync (docs/protocol.md) */

static struct conversation *take_chat(struct session *session, const struct chat *chat)
{
    const struct person *peer = chat->peer;
    const struct room *group = chat->group;
    const struct receipt *receipt = chat->receipts.items;
    struct conversation *c;

    if (!peer && !group)
        return NULL; /* of a kind that we do not know */
    if (peer)
        names_set(&session->names, peer->user_id, peer->username);
    c = find_or_add(session, chat->conversation_id, group != NULL,
                    group ? group->group_id : peer->user_id, group ? group->name : peer->username);
    c->muted = chat->muted;
    c->read_seq = chat->read_seq;
    c->delivered_seq = chat->read_seq; /* what was delivered besides is told once more */
    if (c->change_seq < chat->change_seq)
        c->change_seq = chat->change_seq;
    for (size_t i = 0; i < chat->receipts.n; i++)
        if (strcmp(receipt[i].user_id, session->grant.user_id) != 0) {
            c->peer_read_seq = receipt[i].read_seq;
            c->peer_delivered_seq = receipt[i].delivered_seq;
        }
    strings_clear(&c->pinned);
    for (size_t i = 0; i < chat->pinned_ids.n; i++)
        strings_add(&c->pinned, chat->pinned_ids.items[i]);
    session->marks_due = true;
    return c;
}

/* What has become of messages that were taken in before, after the change with the number known.
 * Those that came by the socket alone are new ones to sync. */
static void show_changes(struct session *session, struct conversation *c,
                         const struct list *messages, int64_t known)
{
    const struct frame_message *message = messages->items;

    for (size_t i = 0; i < messages->n; i++)
        if (message[i].seq <= c->seen && message[i].change_seq > known &&
            (c == session->chosen || !c->muted))
            message_show(session, c, &message[i]);
}

static enum status load_one(struct session *session, const struct chat *chat, bool first,
                            struct error *err)
{
    const struct frame_message *message = chat->messages.items;
    struct conversation *c = conversation_find(session, chat->conversation_id);
    int64_t known = c ? c->change_seq : 0;
    enum status s = STATUS_OK;

    c = take_chat(session, chat);
    if (!c)
        return STATUS_OK;
    if (!first) {
        show_changes(session, c, &chat->changes, known);
        show_changes(session, c, &chat->messages, known);
        if (chat->limited)
            s = conversation_catch_up(session, c, err);
        for (size_t i = 0; i < chat->messages.n && s == STATUS_OK; i++)
            show_once(session, c, &message[i]);
    } else {
        c->unread = chat->unread_count;
        for (size_t i = 0; i < chat->messages.n; i++)
            numbers_keep(&session->numbers, &message[i]);
        if (c->unread > 0 && !c->muted)
            screen_note("%" PRId64 " unread in %s%s", c->unread, conversation_name(session, c),
                        chat->mentioned ? ", where you are named" : "");
    }
    if (s == STATUS_OK && c->seen < chat->last_seq)
        c->seen = chat->last_seq;
    return s;
}

static enum status get_chats(struct session *session, struct chats *ret, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_printf(&path, "/api/sync?limit=%d", PAGE);
    if (session->cursor) {
        buffer_add_text(&path, "&cursor=");
        api_add_escaped(&path, session->cursor);
    }
    return session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                        (struct api_answer){&chats_record, ret, NULL}, err);
}

enum status conversations_load(struct session *session, bool first, struct error *err)
{
    bool more = true;

    while (more) {
        CLEANUP(chats_clear) struct chats chats = {0};
        const struct chat *chat;
        enum status s = get_chats(session, &chats, err);

        if (s == STATUS_INVALID && session->cursor) { /* not known any more: all from the start */
            free(TAKE(session->cursor));
            continue;
        }
        chat = chats.conversations.items;
        for (size_t i = 0; i < chats.conversations.n && s == STATUS_OK; i++)
            s = load_one(session, &chat[i], first, err);
        if (s != STATUS_OK)
            return s;
        more = chats.has_more;
        free(session->cursor);
        session->cursor = TAKE(chats.cursor);
    }
    return STATUS_OK;
}
