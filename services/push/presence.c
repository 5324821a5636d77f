/* The thread that tells Redis who is here. Nothing depends on it: without Redis only presence is
 * unknown. */

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "push.h"

#define REFRESH_MS 30000 /* a third of what Redis keeps it for */
#define BATCH 500

struct present {
    char key[2 * ID_MAX]; /* user id, newline, session id */
    char user_id[ID_MAX];
    char session_id[ID_MAX];
    size_t n; /* sockets */
    UT_hash_handle hh;
};

struct presence {
    struct push_state *push;
    struct present *all;
    struct cache_online changes[BATCH];
    size_t n;
    struct present *gone; /* those of changes that are offline: freed with the batch */
    bool is_away;
};

static void flush(struct presence *presence)
{
    struct push_state *push = presence->push;
    struct present *gone, *next;
    struct error err;
    enum status s = STATUS_OK;

    if (presence->n > 0)
        s = cache_set_online(push->context->cache, push->context->config->node_id,
                             presence->changes, presence->n, &err);
    if (s != STATUS_OK && !presence->is_away)
        log_warn("presence is not written", LOG_TEXT("reason", err.text));
    if (presence->n > 0)
        presence->is_away = s != STATUS_OK;
    presence->n = 0;
    HASH_ITER(hh, presence->gone, gone, next) {
        HASH_DEL(presence->gone, gone);
        free(gone);
    }
}

static void add(struct presence *presence, const struct present *present, bool online)
{
    if (presence->n == BATCH)
        flush(presence);
    presence->changes[presence->n++] = (struct cache_online){
        .user_id = present->user_id, .device = present->session_id, .online = online};
}

static void count(struct presence *presence, const struct letter *letter)
{
    char key[2 * ID_MAX] = "";
    struct present *present;

    strcat(strcat(strcat(key, letter->user_id), "\n"), letter->session_id);
    HASH_FIND_STR(presence->all, key, present);
    if (!present) {
        if (letter->kind == LETTER_OFFLINE)
            return;
        present = memory_new(sizeof *present);
        strcpy(present->key, key);
        strcpy(present->user_id, letter->user_id);
        strcpy(present->session_id, letter->session_id);
        HASH_ADD_STR(presence->all, key, present);
    }
    if (letter->kind == LETTER_ONLINE) {
        if (++present->n == 1)
            add(presence, present, true);
    } else if (--present->n == 0) {
        add(presence, present, false);
        HASH_DEL(presence->all, present);
        HASH_ADD_PTR(presence->gone, key, present);
    }
}

static void refresh(struct presence *presence)
{
    struct push_state *push = presence->push;
    const struct service_config *config = push->context->config;
    struct present *present, *next;

    HASH_ITER(hh, presence->all, present, next) {
        add(presence, present, true);
    }
    flush(presence);
    /* Redis away: said by flush(), or there is nobody to say it of. */
    (void)!cache_set_node(push->context->cache, config->node_id, config->listen,
                          (int64_t)ws_server_sockets(push->server), NULL);
}

static void read_letters(struct presence *presence, int wait_ms)
{
    struct letters letters = {0};
    struct letter *letter;

    mailbox_take(&presence->push->to_presence, wait_ms, &letters);
    while ((letter = letters_take(&letters))) {
        count(presence, letter);
        letter_free(letter);
    }
    flush(presence);
}

void presence_run(void *state, struct service_context *context)
{
    struct push_state *push = state;
    struct presence *presence = memory_new(sizeof *presence);
    struct present *present, *next;
    int64_t refresh_at = 0;

    presence->push = push;
    while (!atomic_load(&push->is_drained)) {
        if (clock_monotonic() >= refresh_at) {
            refresh(presence);
            refresh_at = clock_monotonic() + REFRESH_MS;
        }
        read_letters(presence, 500);
    }
    read_letters(presence, 0);
    (void)!cache_remove_node(context->cache, context->config->node_id, NULL); /* expires anyway */
    HASH_ITER(hh, presence->all, present, next) {
        HASH_DEL(presence->all, present);
        free(present);
    }
    free(presence);
}
