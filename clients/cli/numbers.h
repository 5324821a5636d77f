#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include "wire/frames.h"

/* Which number the messages have that were shown lately: an answer names the message by its id, but
 * people see its number. */
#define NUMBERS 512

struct numbers {
    struct number {
        char *conversation_id;
        char *message_id;
        int64_t seq;
        int64_t change_seq; /* of the change that it was shown with; 0: none */
    } items[NUMBERS];
    size_t next;
};

void numbers_keep(struct numbers *numbers, const struct frame_message *frame);

/* As it was shown last; NULL: not known (any more). */
const struct number *numbers_find(const struct numbers *numbers, const char *conversation_id,
                                  const char *message_id);

void numbers_clear(struct numbers *numbers);

#endif
