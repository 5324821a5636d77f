#include "bus/confirms.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void confirms_add(struct confirms *confirms)
{
    if (confirms->n == confirms->room) {
        confirms->room = confirms->room ? confirms->room * 2 : 16;
        confirms->tags = memory_grow(confirms->tags, confirms->room, sizeof *confirms->tags);
    }
    confirms->tags[confirms->n++] = ++confirms->last;
}

void confirms_take(struct confirms *confirms, uint64_t tag, bool multiple)
{
    size_t from = 0;
    size_t to = 0;

    while (to < confirms->n && confirms->tags[to] <= tag)
        to++;
    if (!multiple)
        from = to > 0 && confirms->tags[to - 1] == tag ? to - 1 : to;
    if (from == to)
        return;
    memmove(&confirms->tags[from], &confirms->tags[to],
            (confirms->n - to) * sizeof *confirms->tags);
    confirms->n -= to - from;
}

void confirms_clear(struct confirms *confirms)
{
    free(confirms->tags);
    *confirms = (struct confirms){0};
}
