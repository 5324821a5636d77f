#ifndef TOKEN_PARTS_H
#define TOKEN_PARTS_H

#include "record/record.h"
#include "token/token.h"

/* What a token consists of, and the JSON within ours. */

/* header.payload.signature, and nothing else, max bytes at most: *ret points into token. */
bool token_split(const char *token, size_t max, struct slice ret[3]);

#define ROLE_MAX sizeof(((struct token_claims *)0)->role)

struct token_header {
    char *alg;
    char *kid;
};
extern const struct record token_header_record;
DEFINE_RECORD_CLEANUP(struct token_header, token_header)

struct token_payload {
    char *iss;
    char *aud;
    char *sub;
    char *sid;
    char *role;
    int64_t gen;
    int64_t iat; /* seconds, as the rest */
    int64_t exp;
    int64_t nbf;
};
extern const struct record token_payload_record;
DEFINE_RECORD_CLEANUP(struct token_payload, token_payload)

#endif
