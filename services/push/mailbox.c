#include "mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct letter *letter_new(enum letter_kind kind)
{
    struct letter *letter = memory_new(sizeof *letter);

    letter->kind = kind;
    return letter;
}

void letter_free(struct letter *letter)
{
    if (!letter)
        return;
    strings_clear(&letter->ids);
    record_clear(&users_groups_record, &letter->groups);
    record_clear(&session_ends_record, &letter->ends);
    free(letter);
}

void letters_add(struct letters *letters, struct letter *letter)
{
    letter->next = NULL;
    if (letters->last)
        letters->last->next = letter;
    else
        letters->first = letter;
    letters->last = letter;
    letters->n++;
}

struct letter *letters_take(struct letters *letters)
{
    struct letter *letter = letters->first;

    if (!letter)
        return NULL;
    letters->first = letter->next;
    if (!letters->first)
        letters->last = NULL;
    letters->n--;
    return letter;
}

void letters_clear(struct letters *letters)
{
    struct letter *letter;

    while ((letter = letters_take(letters)))
        letter_free(letter);
}

static void move(struct letters *from, struct letters *to)
{
    if (!from->first)
        return;
    if (to->last)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    to->n += from->n;
    *from = (struct letters){0};
}

enum status mailbox_init(struct mailbox *mailbox, struct error *err)
{
    *mailbox = (struct mailbox){.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    pthread_mutex_init(&mailbox->lock, NULL);
    if (mailbox->wake < 0)
        return error_set(err, STATUS_INTERNAL, "no eventfd: %s", strerror(errno));
    return STATUS_OK;
}

void mailbox_clear(struct mailbox *mailbox)
{
    letters_clear(&mailbox->waiting);
    if (mailbox->wake > 0)
        close(mailbox->wake);
    mailbox->wake = 0;
}

void mailbox_put(struct mailbox *mailbox, struct letters *letters)
{
    uint64_t one = 1;
    bool was_empty;

    if (!letters->first)
        return;
    pthread_mutex_lock(&mailbox->lock);
    was_empty = !mailbox->waiting.first;
    move(letters, &mailbox->waiting);
    atomic_store_explicit(&mailbox->n, mailbox->waiting.n, memory_order_relaxed);
    pthread_mutex_unlock(&mailbox->lock);
    if (was_empty) /* fails only when the counter is full, and then it is readable anyway */
        (void)!write(mailbox->wake, &one, sizeof one);
}

void mailbox_put_one(struct mailbox *mailbox, struct letter *letter)
{
    struct letters letters = {0};

    letters_add(&letters, letter);
    mailbox_put(mailbox, &letters);
}

void mailbox_take(struct mailbox *mailbox, int timeout_ms, struct letters *ret)
{
    struct pollfd fd = {.fd = mailbox->wake, .events = POLLIN};
    uint64_t count;

    if (timeout_ms > 0)
        (void)poll(&fd, 1, timeout_ms);
    (void)!read(mailbox->wake, &count, sizeof count); /* before the list, or a wake-up gets lost */
    pthread_mutex_lock(&mailbox->lock);
    move(&mailbox->waiting, ret);
    atomic_store_explicit(&mailbox->n, 0, memory_order_relaxed);
    pthread_mutex_unlock(&mailbox->lock);
}
