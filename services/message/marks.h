#ifndef MESSAGE_MARKS_H
#define MESSAGE_MARKS_H

#include "announce.h"
#include "effects.h"

/* Marks: what a user does for himself. How far he has read and got, how he keeps a conversation,
 * what he deleted for himself. The ledger's row is changed at once and written when the batch ends,
 * once however many there were. */

/* Carry out a MARK in the ledger; row is his, NULL or not existing when he has none. message: what
 * hide_message_id names, NULL when there is none. With may_tell the other of a private conversation
 * is told how far he is. NOT_FOUND: there is no such conversation, or message, for him. */
enum status mark_judge(struct effects *effects, const struct command *command, struct row *row,
                       struct message_document *message, bool may_tell, struct error *err);

/* How far up to seq the user may have read. Pure. */
int64_t mark_reach(const struct row_document *row, const struct conversation_document *conversation,
                   int64_t seq);

/* How many counting messages there are up to seq, when it follows from what row and conversation
 * know without asking. Pure. */
bool mark_count(const struct row_document *row, const struct conversation_document *conversation,
                int64_t seq, int64_t *ret);

/* All of the batch, once it is judged: into the effects' bulks, and told to those concerned. */
void marks_flush(struct effects *effects, struct announcement *announcement);

/* Forget what is not written. */
void marks_clear(struct effects *effects);

#endif
