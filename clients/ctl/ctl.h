#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "base/base.h"

/* parleyctl: what an operator and the tools around a running Parley do. A command is a file of this
 * folder and a row of commands[] in main.c. It prints for people on stdout, and says what went wrong in
 * one line by complain().
 *
 * A secret is never an argument, where `ps` shows it: it comes from the environment, or from the file
 * that the variable with _FILE names. */

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct command {
    const char *name;
    const char *arguments; /* as usage shows them: "DIR", "[address]" */
    const char *about;     /* one line */
    const char *more;      /* what `parleyctl help <name>` tells besides: lines of <= 80 columns */
    /* argv[0] is the name; argv[argc] is NULL. The exit status: one of CTL_*. CTL_USAGE without a
     * word makes main() print the usage. */
    int (*run)(int argc, char **argv);
};

/* One line on stderr: "parleyctl: …". */
void complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
