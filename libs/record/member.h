#ifndef RECORD_MEMBER_H
#define RECORD_MEMBER_H

/* Inside libs/record only: a field's member in a struct, by its type. */

#include "record/record.h"

static inline void *member_at(const struct field *field, void *value)
{
    return (char *)value + field->offset;
}

/* FIELD_TEXT, and FIELD_JSON, whose struct holds one text. */
static inline char **member_text(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline int64_t *member_number(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline double *member_real(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline bool *member_flag(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline struct maybe *member_maybe(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline struct strings *member_strings(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline struct list *member_list(const struct field *field, void *value)
{
    return member_at(field, value);
}

static inline void **member_object(const struct field *field, void *value)
{
    return member_at(field, value);
}

/* Check a text or number against its field, naming it by name (a path). */
enum status check_text(const struct field *field, const char *text, int64_t max, const char *name,
                       struct error *err);
enum status check_number(const struct field *field, int64_t number, const char *name,
                         struct error *err);
enum status check_count(const struct field *field, size_t n, const char *name, struct error *err);

#endif
