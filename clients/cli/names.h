#ifndef CLI_NAMES_H
#define CLI_NAMES_H

/* Which user has which name, as far as we were told. */
struct names {
    struct name *first;
};

void names_set(struct names *names, const char *user_id, const char *username);

/* NULL: not known. The result stays the table's. */
const char *names_find(const struct names *names, const char *user_id);

void names_clear(struct names *names);

#endif
