#ifndef USER_TRANSITIONS_H
#define USER_TRANSITIONS_H

#include "relations.h"

/* How what is between two people changes. Pure: each function changes the relation in memory, or
 * refuses and leaves it as it was; relations_change() (changes.h) stores it. Repeating a step that has been
 * made is no error where the outcome is what was asked for: then .change is CHANGE_NONE. */

#define REJECTED_WAIT_MS (24LL * 60 * 60 * 1000) /* until the same one may ask again */

enum relation_change {
    CHANGE_NONE,
    CHANGE_REQUESTED, /* a request waits */
    CHANGE_FRIENDS,   /* they have become friends */
    CHANGE_REMOVED,   /* they are friends no more */
    CHANGE_BLOCKED,
    CHANGE_UNBLOCKED,
    CHANGE_OTHER, /* which nobody is told of */
};

struct relation_step {
    const char *by; /* who acts */
    const char *other;
    const char *text;       /* ask: the greeting, or NULL; remark */
    const char *request_id; /* ask: for a new request; accept, reject, withdraw: which one */
    bool at_once;           /* ask: nobody's consent is needed */
    bool other_is_bot;      /* bots may have any number of friends */
    int64_t now_ms;
    /* What came of it. */
    enum relation_change change;
    int64_t wait_s; /* with TOO_FAST: when it may be tried again */
};

typedef enum status relation_move(struct relation *relation, struct relation_step *step,
                                  struct error *err);

/* To be friends. There is one outcome for who asks again, and two who ask each other are friends.
 * BLOCKED, CONFLICT (who asks has blocked the other), TOO_FAST (he was rejected lately). */
relation_move relation_ask;

/* The recipient says yes; NOT_FOUND also when it is not his to say. Nobody sees the requests of
 * those whom he blocks, so he cannot answer them either. */
relation_move relation_accept;
relation_move relation_reject;
relation_move relation_withdraw; /* the requester takes it back */

/* Friends without asking, unless one blocks the other: then nothing. */
relation_move relation_befriend;
relation_move relation_remove; /* NOT_FOUND: they are no friends. Their remarks go too */
relation_move relation_remark; /* "" removes; NOT_FOUND likewise */

/* Friendship stays, and so does the other's request, which is shown again after unblocking; one's
 * own request is taken back. NOT_FOUND: he was not blocked. */
relation_move relation_block;
relation_move relation_unblock;

/* Is there nothing left that is worth a document? A rejection is worth one while it counts. */
bool relation_is_empty(const struct relation *relation, int64_t now_ms);

#endif
