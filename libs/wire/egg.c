#include "wire/egg.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "wire/frames.h"

static const struct field text_fields[] = {
    FIELD(struct egg_text, msg, .required = true, .min = 1, .max = TEXT_MAX),
};
const struct record egg_text_record = RECORD("egg.text", struct egg_text, text_fields);

static const struct field file_fields[] = {
    FIELD(struct egg_file, url, .required = true, .min = 1, .max = 1024),
    FIELD(struct egg_file, w, .min = 0, .max = 100000),
    FIELD(struct egg_file, h, .min = 0, .max = 100000),
};
const struct record egg_file_record = RECORD("egg.file", struct egg_file, file_fields);

/* ---- Each kind */

static enum status translate_text(struct json *content, struct error *err)
{
    struct egg_text egg;
    struct content_text text = {0};
    struct buffer json = {0};
    enum status s =
        record_from_json(&egg_text_record, content->text, strlen(content->text), &egg, err);

    if (s != STATUS_OK)
        return s;
    text.text = egg.msg;
    record_to_json(&content_text_record, &text, &json);
    record_clear(&egg_text_record, &egg);
    free(content->text);
    content->text = buffer_take(&json);
    return STATUS_OK;
}

/* "/api/files/<file_id>" behind an origin or none; what follows a ? or # does not count. NULL: it is
 * not. The caller frees it. */
static char *find_file_id(const char *url)
{
    static const char folder[] = "/api/files/";
    const char *path = url;
    const char *id;
    size_t n;

    if (strncmp(url, "http://", 7) == 0)
        path = strchr(url + 7, '/');
    else if (strncmp(url, "https://", 8) == 0)
        path = strchr(url + 8, '/');
    if (!path || strncmp(path, folder, sizeof folder - 1) != 0)
        return NULL;
    id = path + sizeof folder - 1;
    n = strspn(id, ALPHABET_ID);
    if (n == 0 || n >= ID_MAX || (id[n] != '\0' && id[n] != '?' && id[n] != '#'))
        return NULL;
    return memory_text_n(id, n);
}

static enum status translate_file(struct json *content, struct error *err)
{
    struct egg_file egg;
    struct content_file file = {0};
    struct buffer json = {0};
    enum status s =
        record_from_json(&egg_file_record, content->text, strlen(content->text), &egg, err);

    if (s != STATUS_OK)
        return s;
    file.file_id = find_file_id(egg.url);
    file.width = egg.w;
    file.height = egg.h;
    record_clear(&egg_file_record, &egg);
    if (!file.file_id)
        return error_field(err, STATUS_INVALID, "url",
                           "field 'url' must be that of an uploaded file: /api/files/…");
    record_to_json(&content_file_record, &file, &json);
    record_clear(&content_file_record, &file);
    free(content->text);
    content->text = buffer_take(&json);
    return STATUS_OK;
}

static enum status translate_location(struct json *content, struct error *err)
{
    (void)content; /* its members have the same names */
    (void)err;
    return STATUS_OK;
}

/* ---- Which it is */

static const struct {
    const char *type;
    int64_t msg_type;
    enum status (*translate)(struct json *content, struct error *err);
} kinds[] = {
    {"txt", MSG_TEXT, translate_text},    {"text", MSG_TEXT, translate_text},
    {"img", MSG_IMAGE, translate_file},   {"image", MSG_IMAGE, translate_file},
    {"video", MSG_VIDEO, translate_file}, {"loc", MSG_LOCATION, translate_location},
};

/* What tells such a body from one of ours, which has a text or a file_id. */
struct body {
    char *type;
    char *text;
    char *file_id;
};

static const struct field body_fields[] = {
    FIELD(struct body, type, .max = 16),
    FIELD(struct body, text, .max = TEXT_MAX),
    FIELD(struct body, file_id, .max = ID_MAX),
};
static const struct record body_record = RECORD("egg.body", struct body, body_fields);

/* The index of its kind, or N_ELEMENTS(kinds). What cannot be read is judged as one of ours. */
static size_t find_kind(const struct json *content)
{
    struct body body;
    size_t kind = 0;

    if (record_from_json(&body_record, content->text, strlen(content->text), &body, NULL) !=
        STATUS_OK)
        return N_ELEMENTS(kinds);
    if (!body.type || body.text || body.file_id)
        kind = N_ELEMENTS(kinds);
    while (kind < N_ELEMENTS(kinds) && strcmp(body.type, kinds[kind].type) != 0)
        kind++;
    record_clear(&body_record, &body);
    return kind;
}

enum status egg_translate(int64_t *msg_type, struct json *content, struct error *err)
{
    size_t kind;

    /* Nearly all are ours, and need not be read twice. */
    if (*msg_type != MSG_TEXT || !strstr(content->text, "\"type\":"))
        return STATUS_OK;
    kind = find_kind(content);
    if (kind == N_ELEMENTS(kinds))
        return STATUS_OK;
    *msg_type = kinds[kind].msg_type;
    return kinds[kind].translate(content, err);
}

const struct record *const egg_records[] = {&egg_text_record, &egg_file_record};
const size_t n_egg_records = N_ELEMENTS(egg_records);
