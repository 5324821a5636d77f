#include "http/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void places_init(struct places *places, size_t n, size_t per_user)
{
    places->items = memory_new(n * sizeof *places->items);
    places->n = n;
    places->per_user = per_user;
    pthread_mutex_init(&places->lock, NULL);
}

void places_clear(struct places *places)
{
    if (!places->items)
        return;
    free(places->items);
    places->items = NULL;
    pthread_mutex_destroy(&places->lock);
}

enum status places_take(struct places *places, const char *user_id, size_t *ret_place,
                        struct error *err)
{
    size_t own = 0;
    size_t unused = places->n;
    bool taken;

    pthread_mutex_lock(&places->lock);
    for (size_t i = 0; i < places->n; i++) {
        const struct place *place = &places->items[i];

        if (!place->is_taken)
            unused = i;
        else
            own += strcmp(place->user_id, user_id) == 0;
    }
    taken = unused < places->n && own < places->per_user;
    if (taken) {
        places->items[unused].is_taken = true;
        (void)snprintf(places->items[unused].user_id, ID_MAX, "%s", user_id); /* an id: fits */
    }
    pthread_mutex_unlock(&places->lock);
    *ret_place = unused;
    if (taken)
        return STATUS_OK;
    if (own >= places->per_user)
        return error_set(err, STATUS_TOO_FAST, "you have %zu files on their way already", own);
    return error_set(err, STATUS_TOO_FAST, "too many files are on their way, try again soon");
}

void places_give_back(struct places *places, size_t place)
{
    pthread_mutex_lock(&places->lock);
    places->items[place].is_taken = false;
    pthread_mutex_unlock(&places->lock);
}
