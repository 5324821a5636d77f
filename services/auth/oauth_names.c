/* What who comes by a provider is called. */

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "fold/fold.h"
#include "oauth.h"
#include "wire/account_api.h"
#include "wire/shown.h"
#include "wire/user_api.h"

#define EDGES "-._" /* nobody is called "-anna-" */
#define FALLBACK "user"
#define NUMBERED_MAX 9  /* past anna-9 the names would tell how many there are, and take long */
#define RANDOM_LENGTH 6 /* 30 bits */

/* What our alphabet has of it, spaces as "-"; NULL if that is too little. */
static char *in_our_alphabet(const char *text)
{
    CLEANUP(free) char *folded = fold_name(text);
    char name[USERNAME_MAX + 1];
    size_t n = 0;

    for (const char *c = folded; c && *c && *c != '@' && n < USERNAME_MAX; c++) {
        char next = *c == ' ' ? '-' : *c;

        if (strchr(USERNAME_ALPHABET, next) && !(n == 0 && strchr(EDGES, next)))
            name[n++] = next;
    }
    while (n > 0 && strchr(EDGES, name[n - 1]))
        n--;
    if (n > strlen(DELETED_PREFIX) && memcmp(name, DELETED_PREFIX, strlen(DELETED_PREFIX)) == 0)
        return NULL; /* that is what those who have left are called */
    return n >= USERNAME_MIN ? memory_text_n(name, n) : NULL;
}

char *newcomer_name(const struct id_token_claims *claims)
{
    const char *const called[] = {claims->preferred_username, claims->email, claims->name};

    for (size_t i = 0; i < N_ELEMENTS(called); i++) {
        char *name = called[i] ? in_our_alphabet(called[i]) : NULL;

        if (name)
            return name;
    }
    return memory_text(FALLBACK);
}

char *newcomer_name_numbered(const char *name, int n)
{
    CLEANUP(buffer_clear) struct buffer suffix = {0};
    struct buffer ret = {0};
    char id[ID_MAX];
    size_t room;

    if (n == 1)
        return memory_text(name);
    buffer_add_text(&suffix, "-");
    if (n <= NUMBERED_MAX) {
        buffer_printf(&suffix, "%d", n);
    } else {
        id_new("", id); /* the end of which is random */
        for (const char *c = id + ID_ULID_LENGTH - RANDOM_LENGTH; *c; c++)
            buffer_printf(&suffix, "%c", tolower((unsigned char)*c));
    }
    room = USERNAME_MAX - suffix.length;
    buffer_add(&ret, name, strlen(name) < room ? strlen(name) : room);
    buffer_add(&ret, suffix.data, suffix.length);
    return buffer_take(&ret);
}

/* Its first characters, max at most. */
static char *cut(const char *text, int max)
{
    const char *end = text;

    for (int i = 0; *end && i < max; i++)
        (void)utf8_next(&end);
    return memory_text_n(text, (size_t)(end - text));
}

char *newcomer_nickname(const struct id_token_claims *claims, const char *username)
{
    CLEANUP(free) char *name = NULL;

    if (!claims->name || !*claims->name)
        return memory_text(username);
    name = cut(claims->name, NICKNAME_MAX);
    return shown_check_line(name, "nickname", NULL) == STATUS_OK ? TAKE(name)
                                                                 : memory_text(username);
}

char *identity_name(const struct id_token_claims *claims)
{
    const char *name = claims->preferred_username ? claims->preferred_username : claims->email;

    return name ? cut(name, IDENTITY_NAME_MAX) : NULL;
}
