#include "parcels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/envelope.h"

struct parcel {
    char *node;
    struct buffer body;  /* envelopes */
    struct buffer users; /* who gets the frame in hand */
    size_t n_users;
};

static void deliver(struct parcels *parcels, struct parcel *parcel)
{
    const struct slice body = {parcel->body.data, parcel->body.length};

    if (body.length > 0 && parcels->status == STATUS_OK)
        parcels->status = parcels->deliver(parcels->context, parcel->node, body, &parcels->error);
    parcel->body.length = 0;
}

/* The frame in hand, for those who were gathered for it. */
static void close_one(struct parcels *parcels, struct parcel *parcel, struct slice frame)
{
    const struct envelope envelope = {
        .kind = ENVELOPE_USERS,
        .users_in = {parcel->users.data, parcel->users.length},
        .payload = frame,
    };
    size_t before = parcel->body.length;

    if (parcel->n_users == 0)
        return;
    envelope_add(&parcel->body, &envelope);
    if (before > 0 && parcel->body.length > PARCEL_BYTES_MAX) { /* it goes with the next */
        parcel->body.length = before;
        deliver(parcels, parcel);
        envelope_add(&parcel->body, &envelope);
    }
    parcel->users.length = parcel->n_users = 0;
}

static struct parcel *get_parcel(struct parcels *parcels, const char *node)
{
    struct parcel *parcel;

    for (size_t i = 0; i < parcels->n; i++) /* a few nodes: tens at most */
        if (strcmp(parcels->items[i].node, node) == 0)
            return &parcels->items[i];
    parcels->items = memory_grow(parcels->items, parcels->n + 1, sizeof *parcels->items);
    parcel = &parcels->items[parcels->n++];
    *parcel = (struct parcel){.node = memory_text(node)};
    return parcel;
}

void parcels_add(struct parcels *parcels, const char *node, const char *user_id, struct slice frame)
{
    struct parcel *parcel = get_parcel(parcels, node);

    if (parcel->n_users == PARCEL_USERS_MAX)
        close_one(parcels, parcel, frame);
    if (parcel->n_users++ > 0)
        buffer_add_text(&parcel->users, ",");
    buffer_add_text(&parcel->users, user_id);
}

void parcels_close(struct parcels *parcels, struct slice frame)
{
    for (size_t i = 0; i < parcels->n; i++)
        close_one(parcels, &parcels->items[i], frame);
}

enum status parcels_send(struct parcels *parcels, enum status s, struct error *err)
{
    for (size_t i = 0; i < parcels->n; i++) {
        struct parcel *parcel = &parcels->items[i];

        deliver(parcels, parcel);
        free(parcel->node);
        buffer_clear(&parcel->body);
        buffer_clear(&parcel->users);
    }
    free(parcels->items);
    parcels->items = NULL;
    parcels->n = 0;
    if (s == STATUS_OK && parcels->status != STATUS_OK && err)
        *err = parcels->error;
    return s == STATUS_OK ? parcels->status : s;
}
