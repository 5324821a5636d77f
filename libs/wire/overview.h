#ifndef WIRE_OVERVIEW_H
#define WIRE_OVERVIEW_H

#include "record/record.h"

/* GET /v1/admin/overview: how much there is, and how much goes on. Counts are those that MongoDB and
 * Redis keep by themselves, so that asking costs the same however large the server is. */

#define RPC_MESSAGE_FIGURES "message.figures" /* nothing -> message_figures */

#define TALLY_MESSAGES "messages" /* in Redis: message counts what it stores, auth looks */

/* What message keeps. */
struct message_figures {
    int64_t messages; /* system messages and recalled ones too */
    int64_t conversations;
    int64_t files; /* different ones */
    int64_t file_bytes;
};
extern const struct record message_figures_record;

/* What Redis knows. */
struct admin_live {
    int64_t online;       /* people, each once; invisible ones too */
    int64_t messages_10s; /* stored in the last ten seconds */
};
extern const struct record admin_live_record;

struct admin_overview {
    int64_t at;            /* Unix ms */
    struct strings rights; /* the asker's, so that a page knows what to offer */
    int64_t accounts;      /* of people, bots and services; deleted ones keep their names */
    int64_t data_bytes;    /* of the database, not compressed, files too */
    int64_t index_bytes;
    void *live;   /* struct admin_live; null: Redis is away */
    void *stored; /* struct message_figures; null: message does not answer */
};
extern const struct record admin_overview_record;

extern const struct record *const overview_records[];
extern const size_t n_overview_records;

#endif
