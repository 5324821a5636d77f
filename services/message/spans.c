#include "spans.h"

#include <stdlib.h>

#include "base/memory.h"
#include "log/log.h"

static const char *const names[] = {
    [COMMAND_SEND] = "message.send",       [COMMAND_TYPING] = "message.typing",
    [COMMAND_MEMBERS] = "message.members", [COMMAND_CHANGE] = "message.change",
    [COMMAND_MARK] = "message.mark",       [COMMAND_TIMER] = "message.timer",
    [COMMAND_EXPIRE] = "message.expire",   [COMMAND_UNREADABLE] = "message.unreadable",
};

/* The first that is recorded, else the first that has a place at all: for the log. */
static const struct command *find_first(const struct command *commands, size_t n)
{
    const struct command *first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (commands[i].span.is_recorded)
            return &commands[i];
        if (!first && commands[i].span.is_begun)
            first = &commands[i];
    }
    return first;
}

static void link_others(struct batch_spans *spans, const struct command *first,
                        const struct command *commands, size_t n)
{
    spans->links = memory_grow(NULL, n, sizeof *spans->links);
    for (size_t i = 0; i < n; i++)
        if (commands[i].span.is_recorded && &commands[i] != first)
            spans->links[spans->all.n_links++] = commands[i].span.here;
    spans->all.links = spans->links;
}

void batch_spans_begin(struct batch_spans *spans, struct command *commands, size_t n)
{
    const struct command *first;

    spans->links = NULL;
    for (size_t i = 0; i < n; i++) {
        span_begin_given(&commands[i].span, SPAN_CONSUMER, names[commands[i].kind],
                         commands[i].envelope.traceparent);
        span_pause(&commands[i].span);
    }
    first = find_first(commands, n);
    span_begin_given(&spans->all, SPAN_INTERNAL, "message.batch",
                     first ? command_place(first) : (struct slice){0});
    span_pause(&spans->all);
    if (!spans->all.is_recorded)
        return;
    span_add_number(&spans->all, "parley.commands", (int64_t)n);
    link_others(spans, first, commands, n);
}

void batch_spans_end(struct batch_spans *spans, struct command *commands, size_t n, bool is_good)
{
    span_end(&spans->all, is_good);
    free(spans->links);
    for (size_t i = 0; i < n; i++) {
        enum status s = commands[i].error.status;

        span_end(&commands[i].span, is_good && s != STATUS_INTERNAL && s != STATUS_UNAVAILABLE);
    }
}

void command_span_resume(struct command *command)
{
    span_resume(&command->span);
}

void command_span_pause(struct command *command)
{
    struct trace_span *span = &command->span;

    log_debug("command judged", LOG_TEXT("kind", names[command->kind]),
              LOG_TEXT("status", status_name(command->error.status)));
    if (span->is_recorded) {
        span_add_text(span, "parley.conversation_id", command->conversation_id);
        span_add_text(span, "parley.status", status_name(command->error.status));
        if (command->message)
            span_add_number(span, "parley.seq", command->message->seq);
    }
    span_pause(span);
}
