#include "base/id.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define NOISE 16  /* digits of 5 bits, after those of the time */
#define COUNTED 8 /* of them, the first: they count within a millisecond */

static void write_id(const char *prefix, uint64_t time_ms, const uint8_t noise[NOISE],
                     char ret[ID_MAX])
{
    size_t n = strlen(prefix);

    assert(n + ID_ULID_LENGTH < ID_MAX);
    memcpy(ret, prefix, n);
    for (int i = 0; i < 10; i++)
        ret[n + (size_t)i] = alphabet[time_ms >> (45 - 5 * i) & 31];
    for (size_t i = 0; i < NOISE; i++)
        ret[n + 10 + i] = alphabet[noise[i] & 31];
    ret[n + ID_ULID_LENGTH] = '\0';
}

static void count_up(uint8_t digits[COUNTED])
{
    for (size_t i = COUNTED; i-- > 0;) {
        digits[i] = (digits[i] + 1) & 31;
        if (digits[i] != 0)
            return;
    }
}

/* The half that counts is random in each millisecond, the other half always. */
void id_new(const char *prefix, char ret[ID_MAX])
{
    static _Thread_local uint64_t last_ms;
    static _Thread_local uint8_t counted[COUNTED];
    uint64_t now = (uint64_t)clock_now();
    uint8_t noise[NOISE];

    if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        abort(); /* cannot happen below 256 bytes once the system is up; a guessable id is worse */
    if (now == last_ms) {
        count_up(counted);
        memcpy(noise, counted, COUNTED);
    }
    memcpy(counted, noise, COUNTED);
    last_ms = now;
    write_id(prefix, now, noise, ret);
}

void id_first(const char *prefix, int64_t time_ms, char ret[ID_MAX])
{
    static const uint8_t zeroes[NOISE];

    write_id(prefix, (uint64_t)time_ms, zeroes, ret);
}
