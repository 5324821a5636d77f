#include "stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vanished.h"

struct stored_message {
    struct message_document *message;
    struct message_document *changed; /* of a fresh one, once it is changed: it is stored as it was
                                         sent, and changed after that */
    bool is_fresh;
    UT_hash_handle hh;
};

static struct stored_message *find(const struct stored *stored, const char *id)
{
    struct stored_message *found;

    HASH_FIND_STR(stored->messages, id, found);
    return found;
}

static void add(struct stored *stored, struct message_document *message, bool is_fresh)
{
    struct stored_message *added;

    if (find(stored, message->id))
        return;
    added = memory_new(sizeof *added);
    added->message = message;
    added->is_fresh = is_fresh;
    HASH_ADD_KEYPTR(hh, stored->messages, message->id, strlen(message->id), added);
}

static void add_all(struct stored *stored, struct list *messages)
{
    struct message_document *all = messages->items;

    for (size_t i = 0; i < messages->n; i++)
        add(stored, &all[i], false);
}

static enum status find_known(struct store *store, const struct command *commands, size_t n,
                              const struct list *changes, struct list *ret, struct error *err)
{
    const struct change_document *all = changes->items;
    struct strings ids = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < changes->n; i++)
        strings_add(&ids, all[i].message_id);
    for (size_t i = 0; i < n; i++)
        if (commands[i].document_id)
            strings_add(&ids, commands[i].document_id);
    if (ids.n > 0)
        s = store_find(store, MESSAGES, &(struct store_find){0}, &message_document_record, ret, err,
                       "{'_id': {'$in': %p}}", (void *)&ids);
    strings_clear(&ids);
    return s;
}

/* After `messages` was asked: what vanishes meanwhile is in `vanished` before it is gone there. */
static enum status find_vanished(struct store *store, const struct command *commands, size_t n,
                                 struct stored *ret, struct error *err)
{
    struct strings ids = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n; i++)
        if (commands[i].kind == COMMAND_SEND && commands[i].conversation->doc.vanished_seq > 0 &&
            !find(ret, commands[i].document_id))
            strings_add(&ids, commands[i].document_id);
    if (ids.n > 0)
        s = vanished_find(store, &ids, &ret->vanished, err);
    strings_clear(&ids);
    return s;
}

enum status stored_load(struct store *store, const struct command *commands, size_t n,
                        struct list *recovered, const struct list *changes, struct stored *ret,
                        struct error *err)
{
    enum status s = find_known(store, commands, n, changes, &ret->known, err);

    if (s != STATUS_OK)
        return s;
    add_all(ret, recovered);
    add_all(ret, &ret->known);
    return find_vanished(store, commands, n, ret, err);
}

void stored_add(struct stored *stored, struct message_document *message)
{
    add(stored, message, true);
}

struct message_document *stored_find(const struct stored *stored, const char *id)
{
    struct stored_message *found = find(stored, id);

    return found ? found->message : NULL;
}

struct message_document *stored_find_changeable(struct stored *stored, const char *id)
{
    struct stored_message *found = find(stored, id);

    if (!found || !found->is_fresh)
        return found ? found->message : NULL;
    if (!found->changed) {
        found->changed = memory_new(sizeof *found->changed);
        record_copy(&message_document_record, found->message, found->changed);
    }
    return found->changed;
}

const struct message_document *stored_find_vanished(const struct stored *stored, const char *id)
{
    const struct message_document *all = stored->vanished.items;

    for (size_t i = 0; i < stored->vanished.n; i++)
        if (strcmp(all[i].id, id) == 0)
            return &all[i];
    return NULL;
}

void stored_clear(struct stored *stored)
{
    struct stored_message *message;
    struct stored_message *next;

    HASH_ITER(hh, stored->messages, message, next) {
        HASH_DEL(stored->messages, message);
        if (message->changed)
            record_clear(&message_document_record, message->changed);
        free(message->changed);
        free(message);
    }
    list_clear(&stored->known, &message_document_record);
    list_clear(&stored->vanished, &message_document_record);
}
