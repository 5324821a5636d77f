#include "token/digest.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define PIECE (64 * 1024)

enum status digest_of_file(int fd, char ret[DIGEST_MAX], struct error *err)
{
    unsigned char sum[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    unsigned char piece[PIECE];
    off_t at = 0;
    ssize_t n;

    crypto_hash_sha256_init(&state);
    while ((n = pread(fd, piece, sizeof piece, at)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, STATUS_UNAVAILABLE, "cannot read a file: %s", strerror(errno));
        crypto_hash_sha256_update(&state, piece, (unsigned long long)n);
        at += n;
    }
    crypto_hash_sha256_final(&state, sum);
    sodium_bin2hex(ret, DIGEST_MAX, sum, sizeof sum);
    return STATUS_OK;
}

struct digest {
    crypto_hash_sha256_state state;
};

struct digest *digest_new(void)
{
    struct digest *digest = memory_new(sizeof *digest);

    crypto_hash_sha256_init(&digest->state);
    return digest;
}

void digest_add(struct digest *digest, const void *data, size_t length)
{
    crypto_hash_sha256_update(&digest->state, data, (unsigned long long)length);
}

void digest_end(struct digest *digest, char ret[DIGEST_MAX])
{
    unsigned char sum[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(&digest->state, sum);
    sodium_bin2hex(ret, DIGEST_MAX, sum, sizeof sum);
}

void digest_free(struct digest *digest)
{
    free(digest);
}
