#include "base/id.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void write_id(const char *prefix, uint64_t time_ms, const uint8_t noise[16],
                     char ret[ID_MAX])
{
    size_t n = strlen(prefix);

    assert(n + ID_ULID_LENGTH < ID_MAX);
    memcpy(ret, prefix, n);
    for (int i = 0; i < 10; i++)
        ret[n + (size_t)i] = alphabet[time_ms >> (45 - 5 * i) & 31];
    for (size_t i = 0; i < 16; i++)
        ret[n + 10 + i] = alphabet[noise[i] & 31];
    ret[n + ID_ULID_LENGTH] = '\0';
}

void id_new(const char *prefix, char ret[ID_MAX])
{
    uint8_t noise[16];

    if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        abort(); /* cannot happen below 256 bytes once the system is up; a guessable id is worse */
    write_id(prefix, (uint64_t)clock_now(), noise, ret);
}

void id_first(const char *prefix, int64_t time_ms, char ret[ID_MAX])
{
    static const uint8_t zeroes[16];

    write_id(prefix, (uint64_t)time_ms, zeroes, ret);
}
