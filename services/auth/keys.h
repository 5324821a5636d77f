#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include <stdbool.h>

struct service_context;

/* parley-auth --rotate-keys: a new key in AUTH_KEY_FILE, which running instances see within
 * seconds; *ret is the exit status. False when that was not asked for. Runs beside them, and before
 * anything is opened. */
bool keys_command(int argc, char **argv, int *ret);

/* The worker that looks at the file. */
void keys_run(void *state, struct service_context *context);

#endif
