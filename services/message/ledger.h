#ifndef MESSAGE_LEDGER_H
#define MESSAGE_LEDGER_H

#include <uthash.h>

#include "command.h"
#include "store/store.h"

/* What the owner knows: conversations and, for groups, the rows of those who write or whom a change
 * concerns. Since one process at a time owns a partition, memory is right until a write fails;
 * then ledger_clear() forgets everything and MongoDB is asked again. One thread. */

/* An owner that dies leaves at most one batch unpublished. */
#define REPUBLISH_MAX 256

struct conversation {
    struct conversation_document doc; /* as it will be once this batch is stored */
    int64_t loaded_seq; /* up to here another owner stored, and may have died before publishing */
    bool republished[REPUBLISH_MAX]; /* of those, by loaded_seq − seq: published once more */
    int64_t loaded_change_seq;       /* likewise of changes */
    bool rows_exist;                 /* private: both rows were upserted by this owner */
    bool is_dirty;                   /* in struct effects */
    bool has_messages;               /* of this batch */
    bool has_changes;
    bool is_touched;
    struct conversation *next_dirty;
    UT_hash_handle hh;
};

/* What the marks of a batch made of a row (marks.c). */
struct row_marks {
    bool is_marked;
    bool is_set;   /* settings and what he hides: not to be overwritten by who comes late */
    int64_t steps; /* by how many his version rose */
    const struct command *reader; /* the first that has read */
    bool has_readers;             /* from several sockets */
    bool tells_self;
    bool tells_read;
    bool tells_delivered;
    bool tells_settings;
    struct strings hidden_ids; /* message ids */
    struct row *next;
};

struct row {
    struct row_document doc;
    bool exists;       /* false: he was never a member */
    bool is_read_told; /* since it was loaded: else a former owner may not have come to it */
    bool is_delivered_told;
    struct row_marks marks; /* linked in struct effects */
    UT_hash_handle hh;
};

struct ledger {
    struct store *store;
    struct conversation *conversations; /* hash by doc.id */
    struct row *rows;                   /* hash by doc.id */
    size_t draft_bytes;                 /* that came into rows; those replaced count on */
};

/* 100,000 conversations are some 50 MB, 400,000 rows some 200 MB without their drafts, which are as
 * long as users like; past that all is forgotten between two batches. */
#define LEDGER_CONVERSATIONS_MAX 100000
#define LEDGER_ROWS_MAX 400000
#define LEDGER_DRAFT_BYTES_MAX (64UL * 1024 * 1024)

void ledger_clear(struct ledger *ledger);
void ledger_trim(struct ledger *ledger);

/* Forget what belongs to these partitions (bit k: partition k): another process's memory is right from
 * here on. Looks at all that is known: some 50 ms when it is full. */
void ledger_forget(struct ledger *ledger, unsigned partitions);

/* Give each command its conversation, loading those that are not known. What a former owner stored
 * above a conversation's last_seq and change_seq is appended to *ret_recovered (struct
 * message_document) and *ret_changes (struct change_document), each ascending within a
 * conversation; it has yet to be noted. */
MUST_CHECK enum status ledger_load(struct ledger *ledger, struct command *commands, size_t n,
                                   struct list *ret_recovered, struct list *ret_changes,
                                   struct error *err);

/* Should a message that was stored before be published again? Taken, it is no longer due. */
bool ledger_is_republish_due(const struct conversation *conversation, int64_t seq);
bool ledger_take_republish(struct conversation *conversation, int64_t seq);

struct conversation *ledger_find(struct ledger *ledger, const char *conversation_id);

/* Load the rows that the commands (marks, and groups' sends, typings and changes) and the recovered
 * changes need. */
MUST_CHECK enum status ledger_load_rows(struct ledger *ledger, const struct command *commands,
                                        size_t n, const struct list *recovered, struct error *err);

/* The row of a user; NULL if it was not loaded. */
struct row *ledger_find_row(struct ledger *ledger, const char *user_id,
                            const char *conversation_id);

#endif
