#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the file system knows no nameless files it has a name for a moment, and a crash just then
 * leaves an empty one. */
static int open_and_unlink(void)
{
    char path[] = TEMPORARY_FOLDER "/parley-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd >= 0)
        (void)unlink(path); /* just made by us */
    return fd;
}

enum status temporary_open(int *ret_fd, struct error *err)
{
    int fd = open(TEMPORARY_FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        fd = open_and_unlink();
    if (fd < 0)
        return error_set(err, STATUS_UNAVAILABLE, "no temporary file in " TEMPORARY_FOLDER ": %s",
                         strerror(errno));
    *ret_fd = fd;
    return STATUS_OK;
}

enum status temporary_write(int fd, const void *data, size_t length, struct error *err)
{
    const char *bytes = data;

    while (length > 0) {
        ssize_t n = write(fd, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, STATUS_UNAVAILABLE, "cannot write a temporary file: %s",
                             strerror(errno));
        bytes += n;
        length -= (size_t)n;
    }
    return STATUS_OK;
}

void temporary_close(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* nothing in it is needed any more */
}
