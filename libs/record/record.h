#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <bson/bson.h>

#include "base/base.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

/* A struct, its table, done: the same table reads and writes JSON, BSON, query strings and the
 * environment, checks what comes in, and is held against the schemas by tests/contract. The
 * member's type picks the field's type at compile time. This is the only home of cJSON.
 *
 *     struct invite { char *group_id; int64_t seats; bool silent; };
 *
 *     static const struct field fields[] = {
 *         FIELD(struct invite, group_id, .required = true, .min = 1, .max = 40),
 *         FIELD(struct invite, seats, .min = 1, .max = 500),
 *         FIELD(struct invite, silent),
 *     };
 *     const struct record invite_record = RECORD("invite", struct invite, fields);
 */

/* Member types besides char *, int64_t, double and bool. */
struct strings { /* a list of texts */
    char **items;
    size_t n;
};
struct list { /* a list of structs of the record .of */
    void *items;
    size_t n;
};
struct json { /* any JSON object, kept as compact text */
    char *text;
};
struct maybe { /* true, false, or absent: for changes, where absent means "leave it" */
    bool is_set;
    bool value;
};
/* A member of type void * is one struct of the record .of, or NULL. */

enum field_type {
    FIELD_TEXT,
    FIELD_NUMBER,
    FIELD_REAL,
    FIELD_FLAG,
    FIELD_MAYBE,
    FIELD_STRINGS,
    FIELD_LIST,
    FIELD_JSON,
    FIELD_OBJECT,
};

struct field {
    const char *name;
    size_t offset;
    enum field_type type;
    bool required;  /* must be there when read */
    bool nullable;  /* written as null when absent (otherwise left out); null is accepted */
    bool omit_zero; /* number, flag or list: left out when written as 0, false or empty */
    bool secret;    /* never printed; from the environment also as a file named by <NAME>_FILE */
    /* Text: characters. Number and real: value. Strings and list: elements. JSON: bytes.
     * Both 0 means any value, except that text without .max is limited to TEXT_MAX_DEFAULT. */
    int64_t min;
    int64_t max;
    const char *alphabet; /* text and the texts of a list: the only characters allowed */
    int64_t item_max;     /* strings: characters of each item */
    const char *def;      /* query strings and the environment: what an absent value means */
    const char *about;    /* settings: what it is for, as docs/configuration.md prints it */
    const struct record *of;
};

#define TEXT_MAX_DEFAULT 256

struct record {
    const char *name;
    size_t size;
    const struct field *fields;
    size_t n_fields;
};

#define FIELD(record, member, ...) FIELD_NAMED(record, member, #member, __VA_ARGS__)

/* For the few keys that are no C names, such as "_id" or "default". */
#define FIELD_NAMED(record, member, key, ...) \
    { \
        .name = key, .offset = offsetof(record, member), \
        .type = _Generic(((record *)0)->member, \
            char *: FIELD_TEXT, \
            int64_t: FIELD_NUMBER, \
            double: FIELD_REAL, \
            bool: FIELD_FLAG, \
            struct maybe: FIELD_MAYBE, \
            struct strings: FIELD_STRINGS, \
            struct list: FIELD_LIST, \
            struct json: FIELD_JSON, \
            void *: FIELD_OBJECT), \
        __VA_ARGS__ \
    }

#define RECORD(type, record, table) \
    { \
        .name = type, .size = sizeof(record), .fields = table, .n_fields = N_ELEMENTS(table) \
    }

/* Alphabets. */
#define ALPHABET_ID "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/* ---- JSON */

/* Is it one JSON text as RFC 8259 has it, and nothing after it? Closes the traps of cJSON 1.7.15,
 * which accepts invalid UTF-8, \u0000, trailing bytes, numbers such as 01, and control characters
 * in strings; refuses nesting past 32 levels besides. STATUS_NOT_JSON with the offset in err. */
MUST_CHECK enum status json_check(const char *text, size_t length, struct error *err);

/* Read JSON text into *ret, a struct of the record's type. The one entry point for foreign JSON:
 * json_check(), then no key twice in any object, keys compared with case, then the table.
 *
 * On STATUS_OK *ret owns its text; release it with record_clear(). Otherwise *ret is all zeroes,
 * owns nothing, and err names the field at fault ("content.text"). Keys that the table does not
 * know are ignored: during a rolling upgrade the sender may be newer than we are.
 * STATUS_NOT_JSON, or STATUS_INVALID for a field. */
MUST_CHECK enum status record_from_json(const struct record *rec, const char *text, size_t length,
                                        void *ret, struct error *err);

/* As record_from_json(), with the record chosen by a number in the text: of choices the one whose
 * value is the member `by`. *ret is large enough for any of them; *ret_rec is the one that was
 * used, or NULL. keep names a text member that stays in *ret (at its offset in the chosen record)
 * even when the rest is refused, if it could itself be read; NULL keeps none. */
struct record_choice {
    int64_t value;
    const struct record *rec;
};
MUST_CHECK enum status record_from_json_by(const struct record_choice *choices, size_t n,
                                           const char *by, const char *keep, const char *text,
                                           size_t length, const struct record **ret_rec, void *ret,
                                           struct error *err);

/* Append value as compact JSON, members in the table's order. Text must be valid UTF-8. */
void record_to_json(const struct record *rec, const void *value, struct buffer *ret);

/* Append a JSON string, quoted and escaped. */
void json_add_string(struct buffer *ret, const char *text);

/* ---- Query strings, path parameters and the environment: values are texts.
 *
 * find(context, name) returns the text of a value, or NULL when it is absent; the result must
 * live until the call ends. Errors as record_from_json(), and *all* faults of an environment are
 * in faults, one line each, when faults is not NULL. */
MUST_CHECK enum status record_from_texts(const struct record *rec,
                                         const char *(*find)(void *context, const char *name),
                                         void *context, void *ret, struct error *err);

/* The environment: the variable of member redis_url is REDIS_URL; a .secret one may instead be in
 * the file that REDIS_URL_FILE names. An empty variable is absent. On STATUS_INVALID faults holds
 * one line for each variable at fault. */
MUST_CHECK enum status record_from_env(const struct record *rec, void *ret, struct buffer *faults);

/* Append the variables that record_from_env() reads, as rows of a Markdown table: variable, default,
 * meaning (.about). */
void record_print_settings(const struct record *rec, struct buffer *ret);

/* ---- BSON: texts, int64, double, bool, arrays and documents; struct json is stored as a string,
 * so that its bytes come back as they were and no key of a client's is ever a database's key. */

/* Append the members to doc. Absent text, json and objects are left out. */
void record_to_bson(const struct record *rec, const void *value, bson_t *doc);

/* Read what record_to_bson() wrote. Unknown keys are ignored, absent ones stay zero; only a wrong
 * type is STATUS_INTERNAL (.required and limits are for foreign input). */
MUST_CHECK enum status record_from_bson(const struct record *rec, const bson_t *doc, void *ret,
                                        struct error *err);

/* ---- Life */

/* Free what *value owns and zero it. A zeroed record is fine to clear again. */
void record_clear(const struct record *rec, void *value);

/* Make *ret a deep copy of *value. */
void record_copy(const struct record *rec, const void *value, void *ret);

/* Append one zeroed struct to a list and return it (valid until the next append), or one copy of
 * text to strings. */
void *list_add(struct list *list, const struct record *of);
void list_clear(struct list *list, const struct record *of); /* all that it owns; empty then */
void strings_add(struct strings *strings, const char *text);
void strings_clear(struct strings *strings);
static inline void strings_clear_at(struct strings *strings)
{
    strings_clear(strings);
}

/* Sets of texts: is it in, and out with it (harmless when it is not). */
bool strings_has(const struct strings *strings, const char *text);
void strings_remove(struct strings *strings, const char *text);

/* CLEANUP for a record on the stack, named once beside its table:
 *
 *     DEFINE_RECORD_CLEANUP(struct invite, invite)
 *     ...
 *     CLEANUP(invite_clear) struct invite invite = {0}; */
#define DEFINE_RECORD_CLEANUP(type, prefix) \
    static inline void prefix##_clear_at(type *p) \
    { \
        record_clear(&prefix##_record, p); \
    }

#endif
