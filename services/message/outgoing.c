#include "outgoing.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "record/record.h"

struct parcel {
    char *destination; /* all keys, which is what makes it one */
    char *key;
    struct strings bcc;
    struct buffer body;
    struct parcel *next;
    UT_hash_handle hh;
};

static struct parcel *add_parcel(struct outgoing *outgoing, const char *destination,
                                 const char *key, const char *const *bcc, size_t n_bcc)
{
    struct parcel *parcel = memory_new(sizeof *parcel);

    parcel->destination = memory_text(destination);
    parcel->key = memory_text(key);
    for (size_t i = 0; i < n_bcc; i++)
        strings_add(&parcel->bcc, bcc[i]);
    if (outgoing->last)
        outgoing->last->next = parcel;
    else
        outgoing->first = parcel;
    outgoing->last = parcel;
    HASH_ADD_KEYPTR(hh, outgoing->open, parcel->destination, strlen(parcel->destination), parcel);
    return parcel;
}

void outgoing_add(struct outgoing *outgoing, const char *key, const char *const *bcc, size_t n_bcc,
                  const struct envelope *envelope)
{
    CLEANUP(buffer_clear) struct buffer destination = {0};
    struct parcel *parcel;

    buffer_add_text(&destination, key);
    for (size_t i = 0; i < n_bcc; i++)
        buffer_printf(&destination, " %s", bcc[i]);
    HASH_FIND_STR(outgoing->open, buffer_text(&destination), parcel);
    if (parcel && parcel->body.length + envelope->payload.length > OUTGOING_BYTES) {
        HASH_DEL(outgoing->open, parcel);
        parcel = NULL;
    }
    if (!parcel)
        parcel = add_parcel(outgoing, buffer_text(&destination), key, bcc, n_bcc);
    envelope_add(&parcel->body, envelope);
}

enum status outgoing_publish(const struct outgoing *outgoing, struct bus *bus, struct error *err)
{
    for (const struct parcel *parcel = outgoing->first; parcel; parcel = parcel->next) {
        const struct slice body = {parcel->body.data, parcel->body.length};
        enum status s =
            bus_publish(bus, EXCHANGE_DELIVER, parcel->key, (const char *const *)parcel->bcc.items,
                        parcel->bcc.n, body, 0, err);

        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

void outgoing_clear(struct outgoing *outgoing)
{
    HASH_CLEAR(hh, outgoing->open);
    while (outgoing->first) {
        struct parcel *parcel = outgoing->first;

        outgoing->first = parcel->next;
        free(parcel->destination);
        free(parcel->key);
        strings_clear(&parcel->bcc);
        buffer_clear(&parcel->body);
        free(parcel);
    }
    *outgoing = (struct outgoing){0};
}
