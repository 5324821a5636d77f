#ifndef HTTP_PLACES_H
#define HTTP_PLACES_H

#include <pthread.h>

#include "base/error.h"
#include "base/id.h"

/* Places for what goes on for long: so many in all, and so many for each user, or a few who are slow
 * would hold all threads. Any thread. */
struct place {
    bool is_taken;
    char user_id[ID_MAX];
};
struct places {
    struct place *items;
    size_t n;
    size_t per_user;
    pthread_mutex_t lock;
};

void places_init(struct places *places, size_t n, size_t per_user);
void places_clear(struct places *places); /* of zeroes is fine */

/* Take one for the user; TOO_FAST when there is none, or he has his share. */
MUST_CHECK enum status places_take(struct places *places, const char *user_id, size_t *ret_place,
                                   struct error *err);
void places_give_back(struct places *places, size_t place);

#endif
