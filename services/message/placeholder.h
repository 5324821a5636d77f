#ifndef MESSAGE_PLACEHOLDER_H
#define MESSAGE_PLACEHOLDER_H

#include "base/base.h"

/* The picture that stands for a file which has none of its own. */
struct placeholder {
    const char *kind; /* file_type */
    const char *data; /* a PNG */
    const char *end;
};

/* That of a kind; one for any file when there is no such kind. Static. */
const struct placeholder *placeholder_get(const char *kind);

#endif
