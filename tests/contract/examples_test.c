/* The examples in schemas/examples/<record>/: each valid-*.json is accepted by our decoder, and
 * each invalid-*.json refused. tests/system/test_contract.py asks an independent judge.
 *
 * "frame" is no record but any frame of a client, judged by frame_from_json(). */

#include <string.h>
#include <sys/stat.h>

#include "tests/contract/files.h"
#include "tests/contract/records.h"

static struct {
    const char *folder;
    size_t valid;
    size_t invalid;
    size_t wrong;
} counts;

static enum status decode_frame(const struct buffer *text, struct error *err)
{
    CLEANUP(frame_clear) struct frame frame = {0};

    return frame_from_json(text->data, text->length, &frame, err);
}

static enum status decode(const struct record *rec, const struct buffer *text, struct error *err)
{
    CLEANUP(free) void *value = calloc(1, rec->size);
    enum status s = record_from_json(rec, text->data, text->length, value, err);

    if (s == STATUS_OK)
        record_clear(rec, value);
    return s;
}

static void judge(const char *path, const char *name)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    bool valid = strncmp(name, "valid-", 6) == 0;
    struct error err = {0};
    enum status s;

    if (!valid && strncmp(name, "invalid-", 8) != 0)
        fail_msg("%s is neither valid- nor invalid-", path);
    if (!read_file(path, &text))
        fail_msg("%s cannot be read", path);
    s = strcmp(counts.folder, "frame") == 0
            ? decode_frame(&text, &err)
            : decode(contract_find_record(counts.folder), &text, &err);
    if (valid) {
        counts.valid++;
        if (s != STATUS_OK) {
            print_error("%s is refused: %s\n", path, err.text);
            counts.wrong++;
        }
    } else {
        counts.invalid++;
        if (s != STATUS_NOT_JSON && s != STATUS_INVALID) {
            print_error("%s is not refused\n", path);
            counts.wrong++;
        }
    }
}

static size_t judge_folder(const char *folder)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct stat info;

    buffer_printf(&path, "schemas/examples/%s", folder);
    memset(&counts, 0, sizeof counts);
    counts.folder = folder;
    if (stat(buffer_text(&path), &info) == 0)
        for_each_file(path.data, judge);
    if (counts.valid == 0 || counts.invalid == 0) {
        print_error("%s wants at least one valid and one invalid example\n", path.data);
        counts.wrong++;
    }
    return counts.wrong;
}

static void our_decoder_judges_each_example_right(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < contract_n_records(); i++)
        wrong += judge_folder(contract_record(i)->name);
    assert_int_equal(wrong, 0);
}

static void our_frame_decoder_judges_each_frame_right(void **state)
{
    (void)state;
    assert_int_equal(judge_folder("frame"), 0);
}

static void check_folder(const char *path, const char *name)
{
    if (strcmp(name, "frame") != 0 && !contract_find_record(name))
        fail_msg("%s is no record's", path);
}

static void each_folder_of_examples_has_a_record(void **state)
{
    (void)state;
    for_each_file("schemas/examples", check_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_decoder_judges_each_example_right),
        cmocka_unit_test(our_frame_decoder_judges_each_frame_right),
        cmocka_unit_test(each_folder_of_examples_has_a_record),
    };

    return cmocka_run_group_tests_name("examples", tests, NULL, NULL);
}
