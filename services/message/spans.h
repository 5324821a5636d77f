#ifndef MESSAGE_SPANS_H
#define MESSAGE_SPANS_H

#include "command.h"

/* Where a batch and its commands are in their traces.
 *
 * Each command's span lasts as long as the batch, and is the current place while that one is judged. What
 * is done for all of them at once (loading, storing, publishing) is the batch's span: a child of the
 * first command that is recorded, with links to the others. */
struct batch_spans {
    struct trace_span all;
    struct trace *links;
};

void batch_spans_begin(struct batch_spans *spans, struct command *commands, size_t n);
void batch_spans_end(struct batch_spans *spans, struct command *commands, size_t n, bool is_good);

/* Judge within the command's place: between the two. */
void command_span_resume(struct command *command);
void command_span_pause(struct command *command);

/* Whoever hears of the command's outcome goes on from here. */
static inline struct slice command_place(const struct command *command)
{
    return trace_slice(&command->span.here);
}

#endif
