#include "numbers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void clear_one(struct number *number)
{
    free(number->conversation_id);
    free(number->message_id);
    *number = (struct number){0};
}

static struct number *find(struct numbers *numbers, const char *conversation_id,
                           const char *message_id)
{
    for (struct number *number = numbers->items; number < numbers->items + NUMBERS; number++)
        if (number->message_id && strcmp(number->message_id, message_id) == 0 &&
            strcmp(number->conversation_id, conversation_id) == 0)
            return number;
    return NULL;
}

void numbers_keep(struct numbers *numbers, const struct frame_message *frame)
{
    struct number *number = find(numbers, frame->conversation_id, frame->message_id);

    if (!number) {
        number = &numbers->items[numbers->next];
        clear_one(number);
        number->conversation_id = memory_text(frame->conversation_id);
        number->message_id = memory_text(frame->message_id);
        numbers->next = (numbers->next + 1) % NUMBERS;
    }
    number->seq = frame->seq;
    number->change_seq = frame->change_seq;
}

const struct number *numbers_find(const struct numbers *numbers, const char *conversation_id,
                                  const char *message_id)
{
    return find((struct numbers *)numbers, conversation_id, message_id);
}

void numbers_clear(struct numbers *numbers)
{
    for (size_t i = 0; i < NUMBERS; i++)
        clear_one(&numbers->items[i]);
    numbers->next = 0;
}
