#include "ws/inbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

static void reserve(struct ws_commands *commands, size_t n)
{
    size_t room = commands->room ? commands->room : 64;

    if (commands->n + n <= commands->room)
        return;
    while (room < commands->n + n)
        room *= 2;
    commands->items = memory_grow(commands->items, room, sizeof *commands->items);
    commands->room = room;
}

void ws_commands_add(struct ws_commands *commands, const struct ws_command *command)
{
    reserve(commands, 1);
    commands->items[commands->n++] = *command;
}

void ws_commands_clear(struct ws_commands *commands)
{
    for (size_t i = 0; i < commands->n; i++)
        ws_frame_free(commands->items[i].frame);
    free(commands->items);
    *commands = (struct ws_commands){0};
}

bool ws_inbox_init(struct ws_inbox *inbox)
{
    *inbox = (struct ws_inbox){.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_cond_init(&inbox->room, NULL);
    return inbox->wake >= 0;
}

void ws_inbox_clear(struct ws_inbox *inbox)
{
    ws_commands_clear(&inbox->waiting);
    pthread_mutex_destroy(&inbox->lock);
    pthread_cond_destroy(&inbox->room);
    if (inbox->wake >= 0)
        close(inbox->wake);
}

static bool is_full(const struct ws_inbox *inbox)
{
    return inbox->waiting.n >= WS_INBOX_COMMANDS_MAX || inbox->waiting.bytes >= WS_INBOX_BYTES_MAX;
}

void ws_inbox_put(struct ws_inbox *inbox, struct ws_commands *commands, bool may_wait)
{
    uint64_t one = 1;
    bool was_empty;

    if (commands->n == 0)
        return;
    pthread_mutex_lock(&inbox->lock);
    while (may_wait && is_full(inbox) && !inbox->is_closed)
        pthread_cond_wait(&inbox->room, &inbox->lock);
    if (inbox->is_closed) {
        pthread_mutex_unlock(&inbox->lock);
        ws_commands_clear(commands);
        return;
    }
    was_empty = inbox->waiting.n == 0;
    reserve(&inbox->waiting, commands->n);
    memcpy(inbox->waiting.items + inbox->waiting.n, commands->items,
           commands->n * sizeof *commands->items);
    inbox->waiting.n += commands->n;
    inbox->waiting.bytes += commands->bytes;
    pthread_mutex_unlock(&inbox->lock);
    commands->n = 0;
    commands->bytes = 0;
    if (was_empty) /* fails only when the counter is full, and then it is readable anyway */
        (void)!write(inbox->wake, &one, sizeof one);
}

void ws_inbox_take(struct ws_inbox *inbox, struct ws_commands *commands)
{
    struct ws_commands taken;
    uint64_t count;

    (void)!read(inbox->wake, &count, sizeof count); /* before the list, or a wake-up gets lost */
    pthread_mutex_lock(&inbox->lock);
    taken = inbox->waiting;
    inbox->waiting = *commands;
    pthread_cond_broadcast(&inbox->room);
    pthread_mutex_unlock(&inbox->lock);
    *commands = taken;
}

void ws_inbox_close(struct ws_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->is_closed = true;
    ws_commands_clear(&inbox->waiting);
    pthread_cond_broadcast(&inbox->room);
    pthread_mutex_unlock(&inbox->lock);
}
