/* Access tokens: what everybody checks with auth's public keys. */

#include "token/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "token/base64.h"
#include "token/key.h"
#include "token/parts.h"

#define SIGNATURE_BYTES (2 * KEY_BYTES)
#define SKEW_MS 5000             /* how far our machines' clocks may lie apart, for nbf */
#define KEYS_MAX 16              /* one signs, some have signed; verifying looks through all */
#define SECONDS_MAX 253402300799 /* the year 9999: times 1,000 still fits */

static const struct field header_fields[] = {
    FIELD(struct token_header, alg, .required = true, .max = 16),
    FIELD(struct token_header, kid, .required = true, .max = 64),
};
const struct record token_header_record =
    RECORD("token.header", struct token_header, header_fields);

static const struct field payload_fields[] = {
    FIELD(struct token_payload, iss, .required = true),
    FIELD(struct token_payload, aud, .required = true),
    FIELD(struct token_payload, sub, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
    FIELD(struct token_payload, sid, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
    FIELD(struct token_payload, role, .required = true, .max = ROLE_MAX - 1,
          .alphabet = ALPHABET_ID),
    FIELD(struct token_payload, gen, .min = 0, .max = INT32_MAX, .omit_zero = true),
    FIELD(struct token_payload, iat, .required = true, .min = 1, .max = SECONDS_MAX),
    FIELD(struct token_payload, exp, .required = true, .min = 1, .max = SECONDS_MAX),
    FIELD(struct token_payload, nbf, .min = 0, .max = SECONDS_MAX, .omit_zero = true),
};
const struct record token_payload_record =
    RECORD("token.payload", struct token_payload, payload_fields);

struct public_key {
    char *kid;
    EVP_PKEY *key; /* only read, by any thread */
};

struct token_keys {
    struct public_key *items;
    size_t n;
};

/* ---- Keys */

enum status token_keys_open(const char *jwks, struct token_keys **ret, struct error *err)
{
    CLEANUP(auth_jwks_clear) struct auth_jwks set = {0};
    const struct auth_jwk *items;
    struct token_keys *keys;
    enum status s;

    s = record_from_json(&auth_jwks_record, jwks, strlen(jwks), &set, err);
    if (s != STATUS_OK)
        return error_set(err, STATUS_INVALID, "the key set cannot be read");
    if (set.keys.n == 0 || set.keys.n > KEYS_MAX)
        return error_set(err, STATUS_INVALID, "a key set holds 1 to %d keys", KEYS_MAX);
    items = set.keys.items;
    keys = memory_new(sizeof *keys);
    keys->items = memory_new(set.keys.n * sizeof *keys->items);
    for (; keys->n < set.keys.n; keys->n++) {
        struct public_key *key = &keys->items[keys->n];

        s = key_from_jwk(&items[keys->n], &key->key, err);
        if (s != STATUS_OK) {
            token_keys_close(keys);
            return s;
        }
        key->kid = memory_text(items[keys->n].kid);
    }
    *ret = keys;
    return STATUS_OK;
}

void token_keys_close(struct token_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++) {
        free(keys->items[i].kid);
        EVP_PKEY_free(keys->items[i].key);
    }
    free(keys->items);
    free(keys);
}

static const struct public_key *find_key(const struct token_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->items[i].kid, kid) == 0)
            return &keys->items[i];
    return NULL;
}

/* ---- Verify */

/* One text for all that is not ours: why, would only help who forges. */
static enum status refuse(struct error *err)
{
    return error_set(err, STATUS_UNAUTHENTICATED, "the token is not valid");
}

static bool read_part(const struct record *rec, struct slice part, void *ret)
{
    char json[TOKEN_MAX];
    size_t length;

    return base64_decode(part.data, part.length, json, sizeof json, &length) &&
           record_from_json(rec, json, length, ret, NULL) == STATUS_OK;
}

static bool read_signature(struct slice part, unsigned char ret[SIGNATURE_BYTES])
{
    size_t length;

    return base64_decode(part.data, part.length, ret, SIGNATURE_BYTES, &length) &&
           length == SIGNATURE_BYTES;
}

static enum status check_claims(const struct token_payload *payload, int64_t now_ms,
                                struct error *err)
{
    if (strcmp(payload->iss, TOKEN_ISSUER) != 0 || strcmp(payload->aud, TOKEN_AUDIENCE) != 0 ||
        payload->nbf * 1000 > now_ms + SKEW_MS)
        return refuse(err);
    if (payload->exp * 1000 <= now_ms)
        return error_set(err, STATUS_EXPIRED, "the token has expired");
    return STATUS_OK;
}

static void take_claims(const struct token_payload *payload, struct token_claims *ret)
{
    /* The table's limits are the arrays'. */
    *ret = (struct token_claims){.generation = payload->gen,
                                 .expires_at = payload->exp * 1000,
                                 .issued_at = payload->iat * 1000};
    memcpy(ret->user_id, payload->sub, strlen(payload->sub));
    memcpy(ret->session_id, payload->sid, strlen(payload->sid));
    memcpy(ret->role, payload->role, strlen(payload->role));
}

enum status token_verify(const struct token_keys *keys, const char *token, int64_t now_ms,
                         struct token_claims *ret, struct error *err)
{
    CLEANUP(token_header_clear) struct token_header header = {0};
    CLEANUP(token_payload_clear) struct token_payload payload = {0};
    unsigned char signature[SIGNATURE_BYTES];
    const struct public_key *key;
    struct slice parts[3];
    enum status s;

    if (!token_split(token, TOKEN_MAX, parts) || !read_signature(parts[2], signature) ||
        !read_part(&token_header_record, parts[0], &header) || strcmp(header.alg, "ES256") != 0 ||
        !read_part(&token_payload_record, parts[1], &payload))
        return refuse(err);
    key = find_key(keys, header.kid);
    if (!key || !key_has_signed(key->key, token, (size_t)(parts[2].data - 1 - token), signature))
        return refuse(err);
    s = check_claims(&payload, now_ms, err);
    if (s == STATUS_OK)
        take_claims(&payload, ret);
    return s;
}
