#include "token/id_token.h"

#include <string.h>

#include "base/memory.h"
#include "token/base64.h"
#include "token/parts.h"
#include "token/provider_keys.h"

#define SIGNATURE_MAX (PROVIDER_RSA_BITS_MAX / 8)
#define SECONDS_MAX 253402300799 /* the year 9999: times 1,000 still fits */
#define SHOWN_MAX 1024           /* of what is for display: whoever shows it cuts it */
#define AUDIENCES_MAX 64

struct id_header {
    char *alg;
    char *kid;
    struct strings crit; /* what one must understand: there is nothing that we do */
};
static const struct field header_fields[] = {
    FIELD(struct id_header, alg, .required = true),
    FIELD(struct id_header, kid, .nullable = true),
    FIELD(struct id_header, crit, .min = 1),
};
static const struct record header_record =
    RECORD("id_token.header", struct id_header, header_fields);
DEFINE_RECORD_CLEANUP(struct id_header, header)

struct id_payload {
    char *iss;
    char *aud;                /* one ... */
    struct strings audiences; /* ... or several */
    char *azp;
    char *nonce;
    int64_t exp; /* seconds, as the rest */
    int64_t iat;
    int64_t nbf;
};

#define COMMON_FIELDS \
    FIELD(struct id_payload, iss, .required = true, .max = 2048), \
        FIELD(struct id_payload, azp, .nullable = true), FIELD(struct id_payload, nonce), \
        FIELD(struct id_payload, exp, .required = true, .min = 1, .max = SECONDS_MAX), \
        FIELD(struct id_payload, iat, .required = true, .min = 1, .max = SECONDS_MAX), \
        FIELD(struct id_payload, nbf, .min = 0, .max = SECONDS_MAX)

static const struct field one_fields[] = {
    COMMON_FIELDS,
    FIELD(struct id_payload, aud, .required = true),
};
static const struct field several_fields[] = {
    COMMON_FIELDS,
    FIELD_NAMED(struct id_payload, audiences, "aud", .required = true, .min = 1,
                .max = AUDIENCES_MAX),
};
static const struct record one_record = RECORD("id_token.payload", struct id_payload, one_fields);
static const struct record several_record =
    RECORD("id_token.payload", struct id_payload, several_fields);

static inline void payload_clear_at(struct id_payload *payload)
{
    record_clear(payload->aud ? &one_record : &several_record, payload);
}

static const struct field claims_fields[] = {
    FIELD(struct id_token_claims, sub, .required = true, .min = 1, .max = 255),
    FIELD(struct id_token_claims, preferred_username, .nullable = true, .max = SHOWN_MAX),
    FIELD(struct id_token_claims, name, .nullable = true, .max = SHOWN_MAX),
    FIELD(struct id_token_claims, email, .nullable = true, .max = SHOWN_MAX),
};
const struct record id_token_claims_record =
    RECORD("id_token.claims", struct id_token_claims, claims_fields);

/* ---- Reading */

static enum status refuse(struct error *err, const char *why)
{
    return error_set(err, STATUS_UNAUTHENTICATED, "the provider's ID token %s", why);
}

static bool read_json(struct slice part, char json[ID_TOKEN_MAX], size_t *ret_length)
{
    return base64_decode(part.data, part.length, json, ID_TOKEN_MAX, ret_length);
}

static bool read_header(struct slice part, struct id_header *ret)
{
    char json[ID_TOKEN_MAX];
    size_t length;

    return read_json(part, json, &length) &&
           record_from_json(&header_record, json, length, ret, NULL) == STATUS_OK;
}

static bool read_payload(struct slice part, struct id_payload *ret, struct id_token_claims *claims)
{
    char json[ID_TOKEN_MAX];
    size_t length;

    return read_json(part, json, &length) &&
           (record_from_json(&one_record, json, length, ret, NULL) == STATUS_OK ||
            record_from_json(&several_record, json, length, ret, NULL) == STATUS_OK) &&
           record_from_json(&id_token_claims_record, json, length, claims, NULL) == STATUS_OK;
}

/* ---- Checking */

static enum status check_signature(const struct provider_keys *keys, const char *token,
                                   const struct slice parts[3], struct error *err)
{
    CLEANUP(header_clear) struct id_header header = {0};
    unsigned char signature[SIGNATURE_MAX];
    enum signing signing;
    EVP_PKEY *key;
    size_t length;

    if (!read_header(parts[0], &header) || header.crit.n > 0 ||
        !base64_decode(parts[2].data, parts[2].length, signature, sizeof signature, &length))
        return refuse(err, "cannot be read");
    signing = signing_find(header.alg);
    if (signing == SIGNING_NONE)
        return refuse(err, "is not signed by RS256, PS256 or ES256");
    key = provider_keys_find(keys, header.kid, signing);
    if (!key)
        return error_set(err, STATUS_NOT_FOUND, "the provider's ID token has an unknown key");
    if (!signing_is_good(signing, key, token, (size_t)(parts[2].data - 1 - token), signature,
                         length))
        return error_set(err, STATUS_NOT_FOUND, "the provider's ID token has a wrong signature");
    return STATUS_OK;
}

static bool is_for(const struct id_payload *payload, const char *client_id)
{
    if (payload->aud)
        return strcmp(payload->aud, client_id) == 0;
    for (size_t i = 0; i < payload->audiences.n; i++)
        if (strcmp(payload->audiences.items[i], client_id) == 0)
            return true;
    return false;
}

/* OpenID Connect Core 1.0, §3.1.3.7. */
static enum status check_payload(const struct id_payload *payload,
                                 const struct id_token_expected *expected, struct error *err)
{
    if (strcmp(payload->iss, expected->issuer) != 0)
        return refuse(err, "is of another issuer");
    if (!is_for(payload, expected->client_id))
        return refuse(err, "is for another audience");
    if (payload->azp ? strcmp(payload->azp, expected->client_id) != 0 : payload->audiences.n > 1)
        return refuse(err, "was issued to another party");
    if (!payload->nonce || strcmp(payload->nonce, expected->nonce) != 0)
        return refuse(err, "has another nonce");
    if (payload->iat * 1000 > expected->now_ms + ID_TOKEN_SKEW_MS ||
        payload->nbf * 1000 > expected->now_ms + ID_TOKEN_SKEW_MS)
        return refuse(err, "is not valid yet");
    if (payload->exp * 1000 + ID_TOKEN_SKEW_MS <= expected->now_ms)
        return error_set(err, STATUS_EXPIRED, "the provider's ID token has expired");
    return STATUS_OK;
}

enum status id_token_verify(const struct provider_keys *keys, const char *token,
                            const struct id_token_expected *expected, struct id_token_claims *ret,
                            struct error *err)
{
    CLEANUP(payload_clear) struct id_payload payload = {0};
    CLEANUP(id_token_claims_clear) struct id_token_claims claims = {0};
    struct slice parts[3];
    enum status s;

    if (!token_split(token, ID_TOKEN_MAX, parts))
        return refuse(err, "cannot be read");
    s = check_signature(keys, token, parts, err);
    if (s != STATUS_OK)
        return s;
    if (!read_payload(parts[1], &payload, &claims))
        return refuse(err, "has claims that cannot be read");
    s = check_payload(&payload, expected, err);
    if (s != STATUS_OK)
        return s;
    *ret = claims;
    claims = (struct id_token_claims){0};
    return STATUS_OK;
}
