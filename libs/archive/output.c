#include "archive/output.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

/* A run of a file, and where libzip is in it. */
struct run {
    int fd;
    int64_t offset;
    int64_t length;
    int64_t at;
    zip_error_t error;
};

static zip_int64_t fail(struct run *run, int zip_code)
{
    zip_error_set(&run->error, zip_code, errno);
    return -1;
}

static zip_int64_t tell_stat(const struct run *run, void *data)
{
    zip_stat_t *stat = data;

    zip_stat_init(stat);
    stat->size = (zip_uint64_t)run->length;
    stat->mtime = time(NULL);
    stat->valid = ZIP_STAT_SIZE | ZIP_STAT_MTIME;
    return sizeof *stat;
}

/* ---- In */

static zip_int64_t read_run(struct run *run, void *data, zip_uint64_t length)
{
    int64_t left = run->length - run->at;
    size_t wanted = length < (zip_uint64_t)left ? (size_t)length : (size_t)left;
    ssize_t n = pread(run->fd, data, wanted, run->offset + run->at);

    if (n < 0)
        return fail(run, ZIP_ER_READ);
    run->at += n;
    return n;
}

static zip_int64_t input(void *context, void *data, zip_uint64_t length, zip_source_cmd_t command)
{
    struct run *run = context;

    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
    case ZIP_SOURCE_OPEN:
        run->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read_run(run, data, length);
    case ZIP_SOURCE_CLOSE:
        return 0;
    case ZIP_SOURCE_STAT:
        return tell_stat(run, data);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&run->error, data, length);
    case ZIP_SOURCE_FREE:
        zip_error_fini(&run->error);
        free(run);
        return 0;
    default:
        return fail(run, ZIP_ER_OPNOTSUPP);
    }
}

/* ---- Out */

static zip_int64_t write_run(struct run *run, const void *data, zip_uint64_t length)
{
    const char *bytes = data;
    zip_uint64_t done = 0;

    while (done < length) {
        ssize_t n = pwrite(run->fd, bytes + done, length - done, run->at);

        if (n < 0)
            return fail(run, ZIP_ER_WRITE);
        run->at += n;
        done += (zip_uint64_t)n;
    }
    if (run->at > run->length)
        run->length = run->at;
    return (zip_int64_t)done;
}

static zip_int64_t seek_run(struct run *run, void *data, zip_uint64_t length)
{
    zip_int64_t at = zip_source_seek_compute_offset(
        (zip_uint64_t)run->at, (zip_uint64_t)run->length, data, length, &run->error);

    if (at >= 0)
        run->at = at;
    return at < 0 ? -1 : 0;
}

/* Only ever written: the file is empty when it is opened, and what is in it afterwards is read by
 * others. */
static zip_int64_t output(void *context, void *data, zip_uint64_t length, zip_source_cmd_t command)
{
    struct run *run = context;

    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_WRITABLE;
    case ZIP_SOURCE_WRITE:
        return write_run(run, data, length);
    case ZIP_SOURCE_SEEK_WRITE:
        return seek_run(run, data, length);
    case ZIP_SOURCE_TELL_WRITE:
    case ZIP_SOURCE_TELL:
        return run->at;
    case ZIP_SOURCE_BEGIN_WRITE:
    case ZIP_SOURCE_COMMIT_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_OPEN:
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_REMOVE:
        return 0;
    default:
        return input(context, data, length, command);
    }
}

static zip_source_t *open_run(zip_source_callback take, int fd, int64_t offset, int64_t length,
                              zip_error_t *err)
{
    struct run *run = memory_new(sizeof *run);
    zip_source_t *source;

    *run = (struct run){.fd = fd, .offset = offset, .length = length};
    zip_error_init(&run->error);
    source = zip_source_function_create(take, run, err);
    if (!source)
        free(run);
    return source;
}

zip_source_t *input_new(int fd, int64_t offset, int64_t length, zip_error_t *err)
{
    return open_run(input, fd, offset, length, err);
}

zip_source_t *output_new(int fd, zip_error_t *err)
{
    return open_run(output, fd, 0, 0, err);
}
