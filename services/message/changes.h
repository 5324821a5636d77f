#ifndef MESSAGE_CHANGES_H
#define MESSAGE_CHANGES_H

#include "command.h"

/* Edits, recalls, reactions and pins: what is allowed, and what they make of a message. Pure. */

/* Judge a CHANGE by the message as it is. row is the user's, NULL in a private conversation. On
 * STATUS_OK *ret is the change without its number, or NULL when all is so already; the caller frees
 * it with change_free(). NOT_FOUND: there is no such message for him. FORBIDDEN, INVALID: err says
 * why. */
MUST_CHECK enum status change_judge(const struct command *command,
                                    const struct message_document *message,
                                    const struct row_document *row,
                                    const struct conversation_document *conversation, int64_t now,
                                    struct change_document **ret, struct error *err);
void change_free(struct change_document *change);

/* Does it change what the message says, for who searches? */
bool change_has_words(const struct change_document *change);

/* Make message and conversation what they are after the change. One that is already in (by
 * change_seq) changes nothing. */
void change_apply(const struct change_document *change, struct message_document *message,
                  struct conversation_document *conversation);

/* The frame that tells of it; message is as after the change. *ret owns nothing. */
void change_to_frame(const struct change_document *change, const struct message_document *message,
                     struct frame_changed *ret);
const struct record *change_frame_record(const struct change_document *change);

/* How many have reacted with emoji. */
int64_t change_count_reactions(const struct message_document *message, const char *emoji);

#endif
