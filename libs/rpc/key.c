#include "rpc/key.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/private_file.h"

#define DIGITS ((size_t)crypto_auth_KEYBYTES * 2)

struct rpc_key {
    unsigned char bytes[crypto_auth_KEYBYTES];
};

/* ---- The file */

static enum status parse(const char *text, size_t length, const char *file, struct rpc_key *ret,
                         struct error *err)
{
    size_t n;

    while (length > 0 && strchr("\r\n", text[length - 1]))
        length--;
    if (length != DIGITS ||
        sodium_hex2bin(ret->bytes, sizeof ret->bytes, text, length, NULL, &n, NULL) != 0 ||
        n != sizeof ret->bytes)
        return error_set(err, STATUS_INVALID, "RPC_KEY_FILE: '%s' must hold %zu hex digits", file,
                         DIGITS);
    return STATUS_OK;
}

enum status rpc_key_read(const char *file, struct rpc_key **ret, struct error *err)
{
    CLEANUP(rpc_key_free) struct rpc_key *key = memory_new(sizeof *key);
    char text[DIGITS + 16]; /* what is longer is wrong too */
    struct error reason;
    size_t n;
    enum status s;

    if (sodium_init() < 0)
        return error_set(err, STATUS_INTERNAL, "libsodium cannot start");
    if (private_file_read(AT_FDCWD, file, text, sizeof text, &n, NULL, &reason) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "RPC_KEY_FILE: '%s': %s", file, reason.text);
    s = parse(text, n, file, key, err);
    sodium_memzero(text, sizeof text);
    if (s == STATUS_OK)
        *ret = TAKE(key);
    return s;
}

void rpc_key_free(struct rpc_key *key)
{
    if (key)
        sodium_memzero(key, sizeof *key);
    free(key);
}

/* ---- The seal */

#define PLACE_KIND crypto_auth_BYTES
#define PLACE_TIME (PLACE_KIND + 1)
#define PLACE_NONCE (PLACE_TIME + 8)
_Static_assert(PLACE_NONCE + SEAL_NONCE == SEAL_BYTES, "key.h says how long a seal is");

struct seal seal_new_question(void)
{
    struct seal seal = {.kind = SEAL_QUESTION, .time = clock_now()};

    randombytes_buf(seal.nonce, sizeof seal.nonce);
    return seal;
}

struct seal seal_new_answer(const struct seal *question)
{
    struct seal seal = {.kind = SEAL_ANSWER, .time = clock_now()};

    memcpy(seal.nonce, question->nonce, sizeof seal.nonce);
    return seal;
}

static void write_time(int64_t time, char *ret)
{
    for (int i = 0; i < 8; i++)
        ret[i] = (char)((uint64_t)time >> (56 - 8 * i));
}

static int64_t read_time(const char *data)
{
    uint64_t time = 0;

    for (int i = 0; i < 8; i++)
        time = time << 8 | (unsigned char)data[i];
    return (int64_t)time;
}

void seal_write(const struct rpc_key *key, const struct seal *seal, char *data, size_t length)
{
    data[PLACE_KIND] = (char)seal->kind;
    write_time(seal->time, data + PLACE_TIME);
    memcpy(data + PLACE_NONCE, seal->nonce, SEAL_NONCE);
    /* Always 0 (libsodium's manual). */
    (void)crypto_auth((unsigned char *)data, (unsigned char *)data + PLACE_KIND,
                      length - PLACE_KIND, key->bytes);
}

static bool is_near(int64_t time, int64_t now_ms)
{
    int64_t age;

    return !__builtin_sub_overflow(now_ms, time, &age) && age <= SEAL_AGE_MAX_MS &&
           age >= -SEAL_AGE_MAX_MS;
}

enum status seal_read(const struct rpc_key *key, enum seal_kind kind, int64_t now_ms,
                      struct slice message, struct seal *ret, struct slice *ret_content,
                      struct error *err)
{
    const unsigned char *bytes = (const unsigned char *)message.data;

    *ret = (struct seal){.kind = kind};
    *ret_content = (struct slice){0};
    /* Compared in constant time. */
    if (message.length < SEAL_BYTES ||
        crypto_auth_verify(bytes, bytes + PLACE_KIND, message.length - PLACE_KIND, key->bytes) !=
            0 ||
        message.data[PLACE_KIND] != (char)kind)
        return error_set(err, STATUS_UNAUTHENTICATED, "not sealed with the key of RPC_KEY_FILE");
    ret->time = read_time(message.data + PLACE_TIME);
    memcpy(ret->nonce, message.data + PLACE_NONCE, SEAL_NONCE);
    if (!is_near(ret->time, now_ms))
        return error_set(err, STATUS_EXPIRED,
                         "sealed at another time than ours: a replay, or the clocks differ");
    *ret_content = (struct slice){message.data + SEAL_BYTES, message.length - SEAL_BYTES};
    return STATUS_OK;
}
