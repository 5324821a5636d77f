/* The file of keys: which of them signs, and how a new one comes in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/memory.h"
#include "token/token.h"

#define HOUR_MS (3600 * 1000)

static char folder[] = "/tmp/rotation_test_XXXXXX";
static char file[64];
static struct error err;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || token_init(&err) != STATUS_OK)
        return -1;
    (void)snprintf(file, sizeof file, "%s/key.pem", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(file);
    return rmdir(folder); /* fails when a draft was left */
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

/* As if it had been written that long ago. */
static void age(int64_t ms)
{
    int64_t at = clock_now() - ms;
    const struct timespec times[2] = {
        {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000},
        {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000},
    };

    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

static struct token_signer *opened(void)
{
    struct token_signer *signer;

    assert_int_equal(token_signer_open(file, TOKEN_KEY_LEAD_MS, &signer, &err), STATUS_OK);
    return signer;
}

static void rotate(void)
{
    assert_int_equal(token_rotate_keys(file, TOKEN_KEY_LEAD_MS, clock_now(), &err), STATUS_OK);
}

static int count_keys(struct token_signer *signer)
{
    CLEANUP(free) char *jwks = token_signer_jwks(signer);
    int n = 0;

    for (const char *at = jwks; (at = strstr(at, "\"kid\"")); at++)
        n++;
    return n;
}

static char *signed_by(struct token_signer *signer)
{
    struct token_claims claims = {.user_id = "user_1", .session_id = "session_1", .role = "user"};
    char *token;

    assert_int_equal(token_sign(signer, &claims, &token, &err), STATUS_OK);
    return token;
}

/* By the keys that signer publishes. */
static enum status verify(struct token_signer *signer, const char *token)
{
    CLEANUP(free) char *jwks = token_signer_jwks(signer);
    struct token_claims claims;
    struct token_keys *keys;
    enum status s;

    assert_int_equal(token_keys_open(jwks, &keys, &err), STATUS_OK);
    s = token_verify(keys, token, clock_now(), &claims, &err);
    token_keys_close(keys);
    return s;
}

/* The header is the same text for tokens of one key. */
static bool same_key(const char *a, const char *b)
{
    size_t length = strcspn(a, ".");

    return strncmp(a, b, length + 1) == 0;
}

static void signs_with_a_new_key_only_when_everybody_could_fetch_it(void **state)
{
    struct token_signer *signer = opened();
    CLEANUP(free) char *before = signed_by(signer);
    CLEANUP(free) char *during = NULL;
    CLEANUP(free) char *after = NULL;
    bool changed;

    (void)state;
    age(HOUR_MS);
    rotate();
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_true(changed);
    assert_int_equal(count_keys(signer), 2);
    during = signed_by(signer);
    assert_true(same_key(before, during));
    age(TOKEN_KEY_LEAD_MS);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    after = signed_by(signer);
    assert_false(same_key(before, after));
    assert_int_equal(verify(signer, before), STATUS_OK);
    assert_int_equal(verify(signer, during), STATUS_OK);
    assert_int_equal(verify(signer, after), STATUS_OK);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_false(changed);
    token_signer_close(signer);
}

static void a_process_that_starts_keeps_to_the_same_time(void **state)
{
    struct token_signer *signer = opened();
    struct token_signer *started;
    CLEANUP(free) char *before = signed_by(signer); /* alone: at once */
    CLEANUP(free) char *during = NULL;
    CLEANUP(free) char *after = NULL;

    (void)state;
    age(HOUR_MS);
    rotate();
    started = opened();
    during = signed_by(started);
    assert_true(same_key(before, during));
    token_signer_close(started);
    age(TOKEN_KEY_LEAD_MS);
    started = opened();
    after = signed_by(started);
    assert_false(same_key(before, after));
    token_signer_close(started);
    token_signer_close(signer);
}

static void waits_as_long_as_it_was_told_to(void **state)
{
    enum { LONG_MS = 3 * 60 * 1000 };
    struct token_signer *signer;
    CLEANUP(free) char *before = NULL;
    CLEANUP(free) char *during = NULL;
    CLEANUP(free) char *after = NULL;
    bool changed;

    (void)state;
    assert_int_equal(token_signer_open(file, LONG_MS, &signer, &err), STATUS_OK);
    before = signed_by(signer);
    age(HOUR_MS);
    rotate();
    age(LONG_MS - 10000);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    during = signed_by(signer);
    assert_true(same_key(before, during));
    assert_int_equal(token_rotate_keys(file, LONG_MS, clock_now(), &err), STATUS_TOO_FAST);
    age(LONG_MS);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    after = signed_by(signer);
    assert_false(same_key(before, after));
    token_signer_close(signer);
}

static void gives_a_token_its_successor_again_across_a_rotation(void **state)
{
    struct token_signer *signer = opened();
    char token[REFRESH_TOKEN_MAX];
    char before[TOKEN_KEYS_MAX][REFRESH_TOKEN_MAX];
    char after[TOKEN_KEYS_MAX][REFRESH_TOKEN_MAX];
    bool changed;

    (void)state;
    refresh_token_new(token);
    assert_int_equal(refresh_token_derive(signer, token, before), 1);
    age(HOUR_MS);
    rotate();
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_int_equal(refresh_token_derive(signer, token, after), 2);
    assert_string_equal(after[0], before[0]); /* the old key signs yet */
    age(TOKEN_KEY_LEAD_MS);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_int_equal(refresh_token_derive(signer, token, after), 2);
    assert_string_not_equal(after[0], before[0]);
    assert_string_equal(after[1], before[0]);
    token_signer_close(signer);
}

static void keeps_three_keys_and_none_that_is_still_of_use_goes(void **state)
{
    struct token_signer *signer = opened();
    CLEANUP(free) char *oldest = signed_by(signer);
    CLEANUP(free) char *newest = NULL;
    struct stat info;
    bool changed;

    (void)state;
    age(TOKEN_KEY_LEAD_MS - 1000);
    assert_int_equal(token_rotate_keys(file, TOKEN_KEY_LEAD_MS, clock_now(), &err),
                     STATUS_TOO_FAST);
    assert_string_equal(err.text,
                        "the keys changed a moment ago: wait 1 s, so that nobody is logged out");
    for (int i = 0; i < 2; i++) {
        age(TOKEN_KEY_LEAD_MS);
        rotate();
    }
    age(TOKEN_KEY_LEAD_MS);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_int_equal(count_keys(signer), 3);
    assert_int_equal(verify(signer, oldest), STATUS_OK);
    assert_int_equal(token_rotate_keys(file, TOKEN_KEY_LEAD_MS, clock_now(), &err),
                     STATUS_TOO_FAST);
    age(TOKEN_KEY_LEAD_MS + TOKEN_SECONDS * 1000);
    rotate();
    age(TOKEN_KEY_LEAD_MS);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_int_equal(count_keys(signer), 3);
    assert_int_equal(verify(signer, oldest), STATUS_UNAUTHENTICATED);
    newest = signed_by(signer);
    assert_int_equal(verify(signer, newest), STATUS_OK);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    token_signer_close(signer);
}

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file, 0600), 0);
}

static char *file_text(void)
{
    char *text = memory_new(8192);
    FILE *in = fopen(file, "r");

    assert_non_null(in);
    assert_true(fread(text, 1, 8191, in) > 0);
    (void)fclose(in);
    return text;
}

static void keeps_its_keys_when_the_file_is_spoilt(void **state)
{
    struct token_signer *signer = opened();
    CLEANUP(free) char *token = signed_by(signer);
    CLEANUP(free) char *text = file_text();
    CLEANUP(free) char *twice = NULL;
    bool changed = true;

    (void)state;
    assert_true(asprintf(&twice, "%s%s", text, text) > 0);
    write_file(twice);
    age(HOUR_MS);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_INVALID);
    assert_false(changed);
    assert_non_null(strstr(err.text, "holds a key twice"));
    write_file("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    age(HOUR_MS / 2);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "holds no private key"));
    assert_int_equal(token_rotate_keys(file, TOKEN_KEY_LEAD_MS, clock_now(), &err), STATUS_INVALID);
    assert_int_equal(verify(signer, token), STATUS_OK);
    assert_int_equal(chmod(file, 0644), 0);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "others may read"));
    write_file(text);
    age(HOUR_MS / 3);
    assert_int_equal(token_signer_reload(signer, &changed, &err), STATUS_OK);
    assert_true(changed);
    assert_int_equal(verify(signer, token), STATUS_OK);
    token_signer_close(signer);
}

static void does_not_rotate_what_is_not_there(void **state)
{
    (void)state;
    assert_int_equal(token_rotate_keys(file, TOKEN_KEY_LEAD_MS, clock_now(), &err),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "there is no '"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(signs_with_a_new_key_only_when_everybody_could_fetch_it,
                                  remove_file),
        cmocka_unit_test_teardown(a_process_that_starts_keeps_to_the_same_time, remove_file),
        cmocka_unit_test_teardown(waits_as_long_as_it_was_told_to, remove_file),
        cmocka_unit_test_teardown(gives_a_token_its_successor_again_across_a_rotation, remove_file),
        cmocka_unit_test_teardown(keeps_three_keys_and_none_that_is_still_of_use_goes, remove_file),
        cmocka_unit_test_teardown(keeps_its_keys_when_the_file_is_spoilt, remove_file),
        cmocka_unit_test(does_not_rotate_what_is_not_there),
    };

    return cmocka_run_group_tests_name("token rotation", tests, make_folder, remove_folder);
}
