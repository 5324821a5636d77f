#ifndef PUSH_MAILBOX_H
#define PUSH_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/id.h"
#include "wire/internal.h"
#include "ws/server.h"

/* What push's threads tell each other. */
enum letter_kind {
    LETTER_OPENED,           /* a loop: a user wants a socket; it waits for an answer */
    LETTER_CLOSED,           /* a loop: that socket is gone */
    LETTER_SESSION_ENDED,    /* identity: user_id, session_id, reason */
    LETTER_SESSIONS_UNKNOWN, /* identity: any may have ended */
    LETTER_FIND_GROUPS,      /* router to lookups: ids are users */
    LETTER_GROUPS,           /* lookups to router: groups */
    LETTER_CHECK_SESSIONS,   /* router to lookups: ids are sessions */
    LETTER_SESSIONS_ENDED,   /* lookups to router: ends */
    LETTER_ONLINE,           /* router to presence: user_id has one more socket of session_id */
    LETTER_OFFLINE,          /* one less */
    LETTER_DRAIN,            /* drain: the sockets of edge, or all (0), are to go */
};

struct letter {
    struct letter *next;
    enum letter_kind kind;
    uint64_t connection_id;
    char user_id[ID_MAX];
    char session_id[ID_MAX];
    char address[WS_ADDRESS_MAX]; /* OPENED: counted against; "" is not */
    char reason[32];
    uint64_t edge; /* OPENED: that it came by, see drain_edge(); 0: none */
    int64_t epoch; /* FIND_GROUPS, GROUPS: of the router's connection */
    struct strings ids;
    struct users_groups groups;
    struct session_ends ends;
};

struct letter *letter_new(enum letter_kind kind);
void letter_free(struct letter *letter); /* NULL is fine */

struct letters {
    struct letter *first;
    struct letter *last;
    size_t n;
};

/* Takes the letter. */
void letters_add(struct letters *letters, struct letter *letter);
struct letter *letters_take(struct letters *letters); /* the first, the caller's now; NULL: none */
void letters_clear(struct letters *letters);

/* New sockets are refused while so many letters wait for the router. */
#define MAILBOX_BUSY 20000

struct mailbox {
    pthread_mutex_t lock;
    struct letters waiting;
    atomic_size_t n; /* how many wait, for those who only want to know */
    int wake;        /* eventfd: readable while something waits */
};

MUST_CHECK enum status mailbox_init(struct mailbox *mailbox, struct error *err);
void mailbox_clear(struct mailbox *mailbox); /* a zeroed one is fine */

/* Move all of *letters into the mailbox. Never waits. Any thread. */
void mailbox_put(struct mailbox *mailbox, struct letters *letters);
void mailbox_put_one(struct mailbox *mailbox, struct letter *letter);

/* Append all that waits to *ret, waiting for something at most timeout_ms. */
void mailbox_take(struct mailbox *mailbox, int timeout_ms, struct letters *ret);

#endif
