#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "api.h"
#include "names.h"
#include "numbers.h"
#include "outbox.h"
#include "replies.h"
#include "socket.h"
#include "wire/frames.h"

/* Who is logged in, and all that belongs to it. One thread, one loop (main.c):
 *
 *   commands.c       what is typed, by the files talk.c, people.c and account.c: calls by REST, and
 *                    messages into the outbox
 *   live.c           the socket: connects again, beats, sends the outbox
 *   inbox.c          what it received
 *   conversations.c  which messages have been shown, and how a gap is closed
 *   show.c           what they look like; content.c: what they hold
 *   marks.c          what is read
 *   session.c        tokens, and calls in their name */

struct conversation {
    struct conversation *next;
    char *id;
    bool is_group;
    char *peer;   /* the other's user id, or the group's id */
    char *name;   /* what people call it */
    bool muted;   /* not shown as it comes, unless it is the chosen one */
    int64_t seen; /* taken in up to here; what has this number or a lower one is not shown again */
    struct strings pinned; /* ids of messages, oldest pin first */
    int64_t unread;        /* of these, how many of others were not shown */
    int64_t change_seq;    /* changes are taken in up to here */
    int64_t sent_seq;      /* one's own newest, as far as it was seen here */
    /* What the server knows of us, and we (in private conversations) of the other. */
    int64_t read_seq;
    int64_t delivered_seq;
    int64_t peer_read_seq;
    int64_t peer_delivered_seq;
};

struct session {
    struct api *api;
    struct socket *socket;
    bool secure; /* we were given an https address: nothing goes out unencrypted */
    bool failed; /* something did, so the program's exit status says so */
    bool ended;  /* the server took the session away: live_turn() clears it up, when no caller
                    further up still holds something of it */

    struct grant grant; /* user_id is NULL while nobody is logged in */
    int64_t refresh_at;
    struct names names;
    struct conversation *conversations;
    struct conversation *chosen; /* where `send` sends to; NULL: nowhere yet */
    struct outbox outbox;
    struct numbers numbers;
    char *cursor;   /* of sync; NULL: none yet */
    bool marks_due; /* something was shown that the server has not been told of */

    /* live.c */
    bool connecting;     /* a try is under way */
    bool was_open;       /* what the socket was when we looked last */
    bool behind;         /* messages may have been missed: catch up before anything is shown */
    int64_t catch_up_at; /* not before (a try failed) */
    int64_t connect_at;  /* not before */
    int64_t opened_at;
    int64_t heard_at;     /* when the server said something last */
    int64_t heartbeat_at; /* when to say something next */
    int attempts;         /* in a row without lasting success */
    char *held;           /* a frame that waits until a gap before it is closed */
};

/* ---- session.c */

/* On failure err says why, and what was made is released by session_close() in either case. */
MUST_CHECK enum status session_open(struct session *session, const char *url, const char *cacert,
                                    struct error *err);
void session_close(struct session *session);

/* Report what is still in the outbox as not sent. */
void session_give_up(struct session *session);

MUST_CHECK enum status session_register(struct session *session, const char *username,
                                        const char *password, const char *nickname,
                                        struct error *err);
MUST_CHECK enum status session_login(struct session *session, const char *username,
                                     const char *password, struct error *err);

/* End the session here, and at the server if that can be reached. */
void session_logout(struct session *session, bool tell_server);

/* A call in the name of who is logged in; a token that runs out is renewed on the way. */
MUST_CHECK enum status session_call(struct session *session, const char *method, const char *path,
                                    struct api_ask ask, struct api_answer answer,
                                    struct error *err);

/* Likewise, as api_upload() and api_download(). */
MUST_CHECK enum status session_upload(struct session *session, const char *path, const char *file,
                                      struct api_answer answer, struct error *err);
MUST_CHECK enum status session_download(struct session *session, const char *path, int fd,
                                        struct error *err);

/* Get new tokens. UNAUTHENTICATED: the session has ended. Whoever may go on with the old ones need
 * not look. */
enum status session_refresh(struct session *session, struct error *err);

/* What to call a user; asks the server when needed. Valid until the next log-out; when it cannot be
 * known it is user_id itself. */
const char *session_name(struct session *session, const char *user_id);

static inline bool session_is_open(const struct session *session)
{
    return session->grant.user_id != NULL;
}

/* ---- conversations.c */

/* The conversation with a user (or of a group), made when there is none; name may be NULL. */
struct conversation *conversation_of(struct session *session, bool is_group, const char *peer,
                                     const char *name);
void conversations_clear(struct session *session);

/* A message has been pinned, or is no longer. */
void conversation_pin(struct conversation *conversation, const char *message_id, bool is_pinned);

/* NULL: we know of none with that id. */
struct conversation *conversation_find(struct session *session, const char *id);

/* Learn what is new in all conversations, by sync. At first (after the log-in) what they hold counts
 * as seen, and only what is unread is mentioned; later what is new is shown. */
MUST_CHECK enum status conversations_load(struct session *session, bool first, struct error *err);

/* Show all that came after what was seen. */
MUST_CHECK enum status conversation_catch_up(struct session *session,
                                             struct conversation *conversation, struct error *err);

/* Show the newest n messages, seen or not. */
MUST_CHECK enum status conversation_list(struct session *session, struct conversation *conversation,
                                         int64_t n, struct error *err);

/* The message with that number; the caller clears *ret by any_message_record. */
MUST_CHECK enum status conversation_pick(struct session *session, struct conversation *conversation,
                                         int64_t seq, struct frame_message *ret, struct error *err);

/* A message has arrived (or, with its text, one's own has been stored): show it at its place, once.
 * Closes a gap before it by asking the server; when that fails nothing is shown, and the caller
 * comes again. */
MUST_CHECK enum status conversation_take(struct session *session, const struct frame_message *frame,
                                         struct error *err);

/* ---- show.c */

/* What people call a conversation; asked for when it is first needed. Valid until the log-out. */
const char *conversation_name(struct session *session, struct conversation *conversation);

/* Print a message: "2026-11-21 10:00:00 #7 alice: hi", and before the number the conversation's name
 * in brackets unless it is the chosen one. By the number commands pick it. */
void message_show(struct session *session, struct conversation *conversation,
                  const struct frame_message *frame);

/* Print what has become of one. */
void change_show(struct session *session, struct conversation *conversation,
                 const struct frame_changed *change);

/* How far one's own message with that seq came in a private conversation: "", " ✓" delivered, " ✓✓" read. */
const char *receipt_mark(const struct conversation *conversation, int64_t seq);

/* Print that somebody wants to be a friend; greeting may be NULL. */
void request_show(const char *name, const char *greeting);

/* Print what happened to oneself, or a friend's coming or going. */
void system_show(struct session *session, const struct system_content *content);
void presence_show(struct session *session, const struct frame_presence *frame);

/* "2026-11-21 10:00:00" where we are; returns ret. */
#define TIME_TEXT_MAX 32
const char *time_show(int64_t time_ms, char ret[TIME_TEXT_MAX]);

/* ---- content.c: append what a message holds, on one line or (a text) on several */

void content_add(struct buffer *ret, int64_t msg_type, const char *json);
void content_add_system(struct session *session, struct buffer *ret,
                        const struct frame_message *frame);

/* ---- marks.c */

/* Tell the server what was shown; when marks_due. */
void marks_send(struct session *session);

/* Somebody has come up to there: the other, or oneself at another device. */
void marks_take(struct session *session, const struct frame_receipt *receipt);

/* ---- inbox.c */

#define CATCH_UP_AGAIN_MS 1000

/* Take in what the socket received, in its order. */
void inbox_take(struct session *session, int64_t now);

/* ---- live.c */

/* Do what is due now: after every poll. */
void live_turn(struct session *session);

/* Forget the connection. */
void live_clear(struct session *session);

/* For how long the loop may wait, if nothing is readable before. */
int live_patience_ms(struct session *session);

/* Is all sent, acknowledged and shown, as far as is known? */
bool live_is_settled(const struct session *session);

#endif
