#include "token/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/private_file.h"
#include "token/key.h"

#define KEY_FILE_MAX 8192 /* a P-256 key has 240 bytes */

void key_wipe(char *pem)
{
    if (pem)
        sodium_memzero(pem, strlen(pem));
    free(pem);
}

static inline void key_wipe_at(char **pem)
{
    key_wipe(*pem);
}

char *key_private_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *pem = NULL;

    if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        char *data;
        long length = BIO_get_mem_data(bio, &data);

        pem = memory_text_n(data, (size_t)length);
    }
    BIO_free(bio);
    ERR_clear_error();
    return pem;
}

/* ---- Read */

/* Which version of the file it is. */
static void note_version(const struct stat *info, struct key_file *ret)
{
    ret->changed_at = (int64_t)info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000;
    ret->inode = info->st_ino;
}

bool key_file_is_same(const char *file, const struct key_file *keys)
{
    struct key_file now = {0};
    struct stat info;

    if (stat(file, &info) != 0)
        return true;
    note_version(&info, &now);
    return now.changed_at == keys->changed_at && now.inode == keys->inode;
}

/* Never asks a terminal for a passphrase. */
static int no_passphrase(char *ret, int size, int writing, void *context)
{
    (void)ret, (void)size, (void)writing, (void)context;
    return -1;
}

static bool is_there(const struct key_file *keys, const EVP_PKEY *key)
{
    for (size_t i = 0; i < keys->n; i++)
        if (EVP_PKEY_eq(keys->keys[i], key) == 1)
            return true;
    return false;
}

/* key is taken over. */
static enum status add_key(struct key_file *keys, EVP_PKEY *key, const char *file,
                           struct error *err)
{
    enum status s = key_check_curve(key, err);

    if (s == STATUS_OK && keys->n == TOKEN_KEYS_MAX)
        s = error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: '%s' holds more than %d keys", file,
                      TOKEN_KEYS_MAX);
    if (s == STATUS_OK && is_there(keys, key))
        s = error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: '%s' holds a key twice", file);
    if (s == STATUS_OK)
        keys->keys[keys->n++] = key;
    else
        EVP_PKEY_free(key);
    return s;
}

/* Those that are meant to be there; OpenSSL's error does not tell the end from a bad key. */
static size_t count_keys(const char *text, size_t length)
{
    static const char mark[] = "PRIVATE KEY-----"; /* of its first line and of its last */
    const char *end = text + length;
    size_t n = 0;

    while ((text = memmem(text, (size_t)(end - text), mark, sizeof mark - 1))) {
        text += sizeof mark - 1;
        n++;
    }
    return (n + 1) / 2;
}

static enum status parse(const char *text, size_t length, const char *file, struct key_file *ret,
                         struct error *err)
{
    BIO *bio = BIO_new_mem_buf(text, (int)length);
    enum status s = STATUS_OK;
    EVP_PKEY *key;

    while (s == STATUS_OK && (key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)))
        s = add_key(ret, key, file, err);
    ERR_clear_error();
    BIO_free(bio);
    if (s == STATUS_OK && (ret->n == 0 || ret->n < count_keys(text, length)))
        return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: '%s' holds %s", file,
                         ret->n ? "a private key that cannot be read" : "no private key");
    return s;
}

enum status key_file_read(const char *file, struct key_file *ret, struct error *err)
{
    struct key_file keys = {0};
    char text[KEY_FILE_MAX];
    struct error reason;
    struct stat info;
    size_t n;
    enum status s = private_file_read(AT_FDCWD, file, text, sizeof text, &n, &info, &reason);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "no key yet");
    if (s != STATUS_OK)
        return error_set(err, s, "AUTH_KEY_FILE: '%s': %s", file, reason.text);
    note_version(&info, &keys);
    s = parse(text, n, file, &keys, err);
    sodium_memzero(text, sizeof text);
    if (s == STATUS_OK)
        *ret = keys;
    else
        key_file_clear(&keys);
    return s;
}

void key_file_clear(struct key_file *keys)
{
    for (size_t i = 0; i < keys->n; i++)
        EVP_PKEY_free(keys->keys[i]);
    *keys = (struct key_file){0};
}

/* ---- Write */

/* owner: of the file that is replaced, which stays the owner's whoever runs this; NULL: there is none
 * yet, and the first of two that make it stays. */
static enum status write_file(const char *file, const char *pem, const struct stat *owner,
                              struct error *err)
{
    struct error reason;
    enum status s = owner ? private_file_write(AT_FDCWD, file, slice_of(pem), owner, &reason)
                          : private_file_make(AT_FDCWD, file, slice_of(pem), &reason);

    if (s != STATUS_OK)
        return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: cannot write '%s': %s", file,
                         reason.text);
    return STATUS_OK;
}

static char *new_pem(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *pem = key ? key_private_pem(key) : NULL;

    EVP_PKEY_free(key);
    return pem;
}

enum status key_file_make(const char *file, struct error *err)
{
    CLEANUP(key_wipe) char *pem = new_pem();

    if (!pem)
        return error_set(err, STATUS_INTERNAL, "OpenSSL made no key");
    return write_file(file, pem, NULL, err);
}

/* Nobody is to meet tokens of a key that is gone, or of one that he could not fetch yet. */
static enum status check_time(const struct key_file *keys, int64_t lead_ms, int64_t now_ms,
                              struct error *err)
{
    int64_t wait_ms = keys->n < TOKEN_KEYS_MAX ? lead_ms : lead_ms + TOKEN_SECONDS * 1000;
    int64_t age_ms = now_ms - keys->changed_at;

    if (age_ms < wait_ms)
        return error_set(err, STATUS_TOO_FAST,
                         "the keys changed a moment ago: wait %lld s, so that nobody is logged out",
                         (long long)((wait_ms - age_ms + 999) / 1000));
    return STATUS_OK;
}

enum status token_rotate_keys(const char *file, int64_t lead_ms, int64_t now_ms, struct error *err)
{
    CLEANUP(key_file_clear) struct key_file keys = {0};
    CLEANUP(key_wipe) char *pem = NULL;
    struct stat owner;
    enum status s = key_file_read(file, &keys, err);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "AUTH_KEY_FILE: there is no '%s'", file);
    if (s == STATUS_OK)
        s = check_time(&keys, lead_ms, now_ms, err);
    if (s == STATUS_OK && stat(file, &owner) != 0)
        s = error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: cannot read '%s': %s", file,
                      strerror(errno));
    if (s != STATUS_OK)
        return s;
    pem = new_pem();
    for (size_t i = 0; pem && i < keys.n && i < TOKEN_KEYS_MAX - 1; i++) {
        CLEANUP(key_wipe) char *newer = pem;
        CLEANUP(key_wipe) char *older = key_private_pem(keys.keys[i]);

        pem = NULL;
        if (older && asprintf(&pem, "%s%s", newer, older) < 0)
            pem = NULL;
    }
    if (!pem)
        return error_set(err, STATUS_INTERNAL, "OpenSSL does not write its keys");
    return write_file(file, pem, &owner, err);
}
