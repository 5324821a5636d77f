#include "archive/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

#define ROOM (256 * 1024) /* zlib's own buffer: fewer, larger reads and writes */

struct gzip {
    gzFile file;
    int fd; /* a second one of the same file, to wait for the disk by */
};

static enum status open_as(int fd, const char *mode, struct gzip **ret, struct error *err)
{
    struct gzip *gzip = memory_new(sizeof *gzip);

    gzip->fd = dup(fd);
    gzip->file = gzdopen(fd, mode);
    if (!gzip->file)
        (void)close(fd); /* nothing was written */
    if (!gzip->file || gzip->fd < 0) {
        gzip_close(gzip);
        return error_set(err, STATUS_UNAVAILABLE, "no memory or descriptor for a gzip file");
    }
    (void)gzbuffer(gzip->file, ROOM); /* else it is as large as it was */
    *ret = gzip;
    return STATUS_OK;
}

/* The fastest level: three times as fast as the default, for a tenth more bytes. */
enum status gzip_write_open(int fd, struct gzip **ret, struct error *err)
{
    return open_as(fd, "wb1", ret, err);
}

enum status gzip_read_open(int fd, struct gzip **ret, struct error *err)
{
    return open_as(fd, "rb", ret, err);
}

void gzip_close(struct gzip *gzip)
{
    if (!gzip)
        return;
    if (gzip->file)
        (void)gzclose(gzip->file); /* who wants to know calls gzip_finish() */
    if (gzip->fd >= 0)
        (void)close(gzip->fd); /* likewise */
    free(gzip);
}

static enum status write_failure(struct error *err)
{
    return error_set(err, STATUS_UNAVAILABLE, "cannot be written: %s",
                     strerror(errno ? errno : ENOSPC));
}

enum status gzip_write(struct gzip *gzip, const void *data, size_t length, struct error *err)
{
    if (length == 0 || gzfwrite(data, length, 1, gzip->file) == 1)
        return STATUS_OK;
    return write_failure(err);
}

enum status gzip_finish(struct gzip *gzip, struct error *err)
{
    int result = gzclose(TAKE(gzip->file));
    enum status s = STATUS_OK;

    if (result != Z_OK || fsync(gzip->fd) != 0)
        s = write_failure(err);
    gzip_close(gzip);
    return s;
}

enum status gzip_read(struct gzip *gzip, void *data, size_t length, bool *ret_more,
                      struct error *err)
{
    size_t n = gzfread(data, 1, length, gzip->file);
    int code = Z_OK;

    *ret_more = n == length;
    if (n == length)
        return STATUS_OK;
    (void)gzerror(gzip->file, &code);
    if (code != Z_OK || n != 0 || !gzeof(gzip->file))
        return error_set(err, STATUS_INVALID, "it is damaged or cut");
    return STATUS_OK;
}
