/* The private key: access tokens are signed, and refresh tokens derived, with it. */

#include "token/token.h"

#include <errno.h>
#include <fcntl.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "token/base64.h"
#include "token/key.h"
#include "token/parts.h"
#include "token/refresh.h"

#define KEY_FILE_MAX 8192 /* a P-256 key has 240 bytes */

struct token_signer {
    char *pem; /* the private key, as libjwt takes it */
    char *kid;
    char *jwks;
    unsigned char secret[crypto_auth_hmacsha256_KEYBYTES]; /* for refresh tokens */
};

/* ---- The key's file */

static enum status file_failure(const char *what, const char *file, struct error *err)
{
    return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: %s '%s': %s", what, file,
                     strerror(errno));
}

static enum status write_all(int fd, const char *text, const char *file, struct error *err)
{
    size_t length = strlen(text);

    if (write(fd, text, length) != (ssize_t)length || fsync(fd) != 0)
        return file_failure("cannot write", file, err);
    return STATUS_OK;
}

/* It appears under its name whole or not at all, and the first of two stays. */
static enum status write_key(const char *file, const char *pem, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer draft = {0};
    enum status s;
    int fd;

    buffer_printf(&draft, "%s.XXXXXX", file);
    fd = mkstemp(buffer_text(&draft)); /* mode 0600 */
    if (fd < 0)
        return file_failure("cannot make", file, err);
    s = write_all(fd, pem, file, err);
    if (s == STATUS_OK && link(draft.data, file) != 0 && errno != EEXIST)
        s = file_failure("cannot make", file, err);
    (void)unlink(draft.data); /* a leftover draft hurts nobody */
    (void)close(fd);
    return s;
}

static char *private_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *pem = NULL;

    if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        char *data;
        long length = BIO_get_mem_data(bio, &data);

        pem = memory_text_n(data, (size_t)length);
    }
    BIO_free(bio);
    return pem;
}

static void wipe(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

static enum status make_key(const char *file, struct error *err)
{
    CLEANUP(EVP_PKEY_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    char *pem = key ? private_pem(key) : NULL;
    enum status s;

    if (!pem)
        return error_set(err, STATUS_INTERNAL, "OpenSSL made no key");
    s = write_key(file, pem, err);
    wipe(pem);
    return s;
}

static enum status check_file(int fd, const char *file, struct error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return file_failure("cannot read", file, err);
    if (!S_ISREG(info.st_mode))
        return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: '%s' is not a file", file);
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, STATUS_INVALID,
                         "AUTH_KEY_FILE: others may read '%s'; its mode must be 0600", file);
    return STATUS_OK;
}

/* Never asks a terminal for a passphrase. */
static int no_passphrase(char *ret, int size, int writing, void *context)
{
    (void)ret, (void)size, (void)writing, (void)context;
    return -1;
}

/* NOT_FOUND when there is none. */
static enum status read_key(const char *file, EVP_PKEY **ret, struct error *err)
{
    char text[KEY_FILE_MAX];
    enum status s;
    ssize_t n;
    BIO *bio;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "no key yet");
    if (fd < 0)
        return file_failure("cannot read", file, err);
    s = check_file(fd, file, err);
    n = s == STATUS_OK ? read(fd, text, sizeof text) : 0;
    (void)close(fd);
    if (s != STATUS_OK)
        return s;
    bio = BIO_new_mem_buf(text, (int)(n > 0 ? n : 0));
    *ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    sodium_memzero(text, sizeof text);
    ERR_clear_error();
    if (!*ret)
        return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: '%s' holds no private key", file);
    return STATUS_OK;
}

/* ---- Open */

static enum status take_jwks(struct token_signer *signer, const EVP_PKEY *key, struct error *err)
{
    CLEANUP(auth_jwks_clear) struct auth_jwks set = {0};
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct auth_jwk *jwk = list_add(&set.keys, &auth_jwk_record);
    enum status s = key_to_jwk(key, jwk, err);

    if (s != STATUS_OK)
        return s;
    record_to_json(&auth_jwks_record, &set, &json);
    signer->jwks = buffer_take(&json);
    signer->kid = memory_text(jwk->kid);
    return STATUS_OK;
}

/* Keyed BLAKE2b as a key derivation: knowing the secret tells nothing about the private key. */
static enum status take_secret(struct token_signer *signer, const EVP_PKEY *key, struct error *err)
{
    static const unsigned char purpose[] = "parley refresh tokens 1";
    unsigned char number[KEY_BYTES];
    BIGNUM *private = NULL;
    bool is_there = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &private) == 1 &&
                    BN_bn2binpad(private, number, sizeof number) == sizeof number;

    BN_clear_free(private);
    if (!is_there)
        return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: no private half");
    (void)crypto_generichash(signer->secret, sizeof signer->secret, purpose, sizeof purpose - 1,
                             number, sizeof number); /* fails only for bad sizes */
    sodium_memzero(number, sizeof number);
    return STATUS_OK;
}

enum status token_signer_open(const char *key_file, struct token_signer **ret, struct error *err)
{
    CLEANUP(EVP_PKEY_free) EVP_PKEY *key = NULL;
    struct token_signer *signer;
    enum status s;

    s = read_key(key_file, &key, err);
    if (s == STATUS_NOT_FOUND) {
        s = make_key(key_file, err);
        if (s == STATUS_OK)
            s = read_key(key_file, &key, err);
    }
    if (s == STATUS_OK)
        s = key_check_curve(key, err);
    if (s != STATUS_OK)
        return s;
    signer = memory_new(sizeof *signer);
    signer->pem = private_pem(key);
    s = take_jwks(signer, key, err);
    if (s == STATUS_OK)
        s = take_secret(signer, key, err);
    if (s == STATUS_OK && !signer->pem)
        s = error_set(err, STATUS_INTERNAL, "OpenSSL does not write its key");
    if (s != STATUS_OK) {
        token_signer_close(signer);
        return s;
    }
    *ret = signer;
    return STATUS_OK;
}

void token_signer_close(struct token_signer *signer)
{
    if (!signer)
        return;
    wipe(signer->pem);
    free(signer->kid);
    free(signer->jwks);
    sodium_memzero(signer, sizeof *signer);
    free(signer);
}

enum status token_signer_jwks(struct token_signer *signer, char **ret, struct error *err)
{
    (void)err; /* cannot fail any more */
    *ret = memory_text(signer->jwks);
    return STATUS_OK;
}

/* ---- Sign */

static bool add_payload(jwt_t *jwt, const struct token_claims *claims)
{
    return jwt_add_grant(jwt, "iss", TOKEN_ISSUER) == 0 &&
           jwt_add_grant(jwt, "aud", TOKEN_AUDIENCE) == 0 &&
           jwt_add_grant(jwt, "sub", claims->user_id) == 0 &&
           jwt_add_grant(jwt, "sid", claims->session_id) == 0 &&
           jwt_add_grant(jwt, "role", claims->role) == 0 &&
           jwt_add_grant_int(jwt, "gen", claims->generation) == 0 &&
           jwt_add_grant_int(jwt, "iat", claims->issued_at / 1000) == 0 &&
           jwt_add_grant_int(jwt, "exp", claims->expires_at / 1000) == 0;
}

enum status token_sign(struct token_signer *signer, struct token_claims *claims, char **ret,
                       struct error *err)
{
    jwt_t *jwt = NULL;
    char *token = NULL;

    claims->issued_at = clock_now() / 1000 * 1000; /* tokens count in seconds */
    claims->expires_at = claims->issued_at + TOKEN_SECONDS * 1000;
    if (jwt_new(&jwt) == 0 && jwt_add_header(jwt, "kid", signer->kid) == 0 &&
        add_payload(jwt, claims) &&
        jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)signer->pem,
                    (int)strlen(signer->pem)) == 0)
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    ERR_clear_error();
    if (!token)
        return error_set(err, STATUS_INTERNAL, "libjwt made no token");
    *ret = token; /* made by malloc() */
    return STATUS_OK;
}

/* The family keeps the old token's first characters; the rest is new. */
void refresh_token_derive(struct token_signer *signer, const char *old_token,
                          char ret[REFRESH_TOKEN_MAX])
{
    unsigned char bytes[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256(bytes, (const unsigned char *)old_token, strlen(old_token),
                           signer->secret);
    base64_encode(bytes, sizeof bytes, ret);
    memcpy(ret, old_token, strnlen(old_token, REFRESH_FAMILY_LENGTH));
}
