#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct name {
    struct name *next;
    char *user_id;
    char *username;
};

void names_set(struct names *names, const char *user_id, const char *username)
{
    struct name *name;

    if (!username || names_find(names, user_id))
        return; /* a username never changes */
    name = memory_new(sizeof *name);
    name->user_id = memory_text(user_id);
    name->username = memory_text(username);
    name->next = names->first;
    names->first = name;
}

const char *names_find(const struct names *names, const char *user_id)
{
    for (const struct name *name = names->first; name; name = name->next)
        if (strcmp(name->user_id, user_id) == 0)
            return name->username;
    return NULL;
}

void names_clear(struct names *names)
{
    struct name *next;

    for (struct name *name = names->first; name; name = next) {
        next = name->next;
        free(name->user_id);
        free(name->username);
        free(name);
    }
    names->first = NULL;
}
