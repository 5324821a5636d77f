#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdint.h>

/* Ids are a prefix and a ULID (github.com/ulid/spec): 48 bits of Unix milliseconds and 80 random
 * bits in Crockford's base 32, so that they sort by the time they were made; those of one thread
 * also within a millisecond. */
#define ID_ULID_LENGTH 26
#define ID_MAX 40 /* room for the longest prefix, the ULID and the terminator */

/* Write a new id such as "user_01J…" into ret. prefix has at most 13 characters, "user_" for
 * instance. Any thread. */
void id_new(const char *prefix, char ret[ID_MAX]);

/* The id that comes before all others made at time_ms (Unix), or later. */
void id_first(const char *prefix, int64_t time_ms, char ret[ID_MAX]);

#endif
