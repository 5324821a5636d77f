#ifndef CHILD_CHILD_H
#define CHILD_CHILD_H

#include "base/error.h"

/* Programs of others that read foreign bytes: parsers have faults, so they run in a process of
 * their own that has nothing. It gets a file as its standard input and one as its output, no other
 * descriptor, none of our environment, no new rights, and dies with the thread that waits for it. */

struct child_limits {
    int64_t cpu_s;        /* of processor time */
    int64_t wall_ms;      /* then it and all that it started are killed */
    int64_t memory_bytes; /* of address space */
    int64_t output_bytes; /* of any file that it writes */
    const char *for_whom; /* one at a time for each: nobody's slow files keep all others waiting;
                             NULL: for nobody in particular */
};

/* At once, in all of this process: two of the largest pictures are as much as a small machine's
 * memory and processor should give to what nobody waits for. Others wait, CHILD_WAIT_MS at most. */
#define CHILDREN 2
#define CHILD_WAIT_MS 15000

/* Run argv[0] (an absolute path) with environment, both ending with NULL, and wait for its end. in_fd
 * is read from its beginning; out_fd is written from where it stands. INVALID: it failed, or was
 * ended by a limit; what it has written is there all the same. UNAVAILABLE: it could not be run.
 * Any thread. */
MUST_CHECK enum status child_run(const char *const argv[], const char *const environment[],
                                 int in_fd, int out_fd, const struct child_limits *limits,
                                 struct error *err);

#endif
