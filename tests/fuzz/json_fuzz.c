/* The one entry point for foreign JSON: json_check() and record_from_json(), for every record on
 * the wire. The first byte picks the record, the rest is the text.
 *
 * - what json_check() accepts, cJSON reads too: we are stricter, never different;
 * - what a record accepts is JSON, and written again it is accepted again and reads the same;
 * - a refusal leaves nothing behind and says why in valid UTF-8. */

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/contract/records.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, size_t length, enum status verdict)
{
    cJSON *doc;

    if (verdict != STATUS_OK)
        return;
    fuzz_require(utf8_is_valid(text, length));
    doc = cJSON_ParseWithLength(text, length);
    fuzz_require(doc != NULL);
    cJSON_Delete(doc);
}

static void check_refusal(const struct record *rec, const char *value, enum status verdict,
                          const struct error *err)
{
    fuzz_require(verdict == STATUS_NOT_JSON || verdict == STATUS_INVALID);
    fuzz_require(err->status == verdict);
    fuzz_require(err->text[0] != '\0' && utf8_is_valid(err->text, strlen(err->text)));
    fuzz_require(utf8_is_valid(err->field, strlen(err->field)));
    for (size_t i = 0; i < rec->size; i++)
        fuzz_require(value[i] == 0);
}

/* Requests for a page leave `limit` out, and nobody writes them: an absent number would be written
 * as a 0 that their own table refuses. */
static bool is_written(const struct record *rec)
{
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];

        if (field->type != FIELD_TEXT && field->min > 0 && !field->required && !field->omit_zero)
            return false;
        if (field->of && !is_written(field->of))
            return false;
    }
    return true;
}

static void check_round_trip(const struct record *rec, const void *value)
{
    CLEANUP(buffer_clear) struct buffer first = {0};
    CLEANUP(buffer_clear) struct buffer second = {0};
    CLEANUP(free) void *again = calloc(1, rec->size);
    struct error err;

    record_to_json(rec, value, &first);
    fuzz_require(json_check(first.data, first.length, &err) == STATUS_OK);
    fuzz_require(record_from_json(rec, first.data, first.length, again, &err) == STATUS_OK);
    record_to_json(rec, again, &second);
    fuzz_require(first.length == second.length &&
                 memcmp(first.data, second.data, first.length) == 0);
    record_clear(rec, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct record *rec;
    const char *text;
    CLEANUP(free) char *value = NULL;
    struct error err = {0};
    enum status checked, s;

    if (size == 0)
        return 0;
    rec = contract_record(data[0] % contract_n_records());
    text = (const char *)data + 1;
    size--;

    checked = json_check(text, size, &err);
    check_text(text, size, checked);

    value = malloc(rec->size);
    memset(value, 0xa5, rec->size); /* whatever was there before must not matter */
    s = record_from_json(rec, text, size, value, &err);
    fuzz_require(s != STATUS_OK || checked == STATUS_OK);
    if (s == STATUS_OK) {
        if (is_written(rec))
            check_round_trip(rec, value);
        record_clear(rec, value);
    } else {
        check_refusal(rec, value, s, &err);
    }
    return 0;
}
