#include "base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/id.h"

bool private_file_is_good(const struct stat *info, uid_t self)
{
    mode_t refused = S_IRWXG | S_IRWXO;

    if (info->st_uid == 0 && self != 0)
        refused &= ~(mode_t)S_IRGRP;
    return !(info->st_mode & refused);
}

static enum status read_open(int fd, char *ret, size_t room, size_t *ret_length, struct stat *info,
                             struct error *err)
{
    ssize_t n;

    if (fstat(fd, info) != 0)
        return error_set(err, STATUS_INVALID, "%s", strerror(errno));
    if (!S_ISREG(info->st_mode))
        return error_set(err, STATUS_INVALID, "is not a file");
    if (!private_file_is_good(info, geteuid()))
        return error_set(err, STATUS_INVALID,
                         "others may read it; its mode must be 0600, or 0640 where it is root's");
    n = read(fd, ret, room);
    if (n < 0)
        return error_set(err, STATUS_INVALID, "%s", strerror(errno));
    *ret_length = (size_t)n;
    return STATUS_OK;
}

enum status private_file_read(int folder_fd, const char *name, char *ret, size_t room,
                              size_t *ret_length, struct stat *ret_info, struct error *err)
{
    /* What is no file must not make us wait: a pipe, a terminal. */
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    enum status s;

    if (fd < 0)
        return error_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_INVALID, "%s",
                         strerror(errno));
    s = read_open(fd, ret, room, ret_length, &info, err);
    (void)close(fd); /* only read from */
    if (s == STATUS_OK && ret_info)
        *ret_info = info;
    return s;
}

/* ---- Write */

static enum status failure(struct error *err)
{
    return error_set(err, STATUS_UNAVAILABLE, "%s", strerror(errno));
}

static enum status write_all(int fd, struct slice bytes, struct error *err)
{
    while (bytes.length > 0) {
        ssize_t n = write(fd, bytes.data, bytes.length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure(err);
        bytes.data += n;
        bytes.length -= (size_t)n;
    }
    return fsync(fd) == 0 ? STATUS_OK : failure(err);
}

static enum status write_draft(int folder_fd, const char *draft, struct slice bytes,
                               const struct stat *owner, struct error *err)
{
    int fd = openat(folder_fd, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status s;

    if (fd < 0)
        return failure(err);
    s = write_all(fd, bytes, err);
    if (s == STATUS_OK && owner && fchown(fd, owner->st_uid, owner->st_gid) != 0)
        s = failure(err);
    (void)close(fd); /* synced */
    return s;
}

/* The name is as lasting as the folder in which it stands. */
static enum status sync_folder(int folder_fd, const char *name, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer folder = {0};
    const char *slash = strrchr(name, '/');
    enum status s = STATUS_OK;
    int fd;

    buffer_add(&folder, name, slash ? (size_t)(slash - name) + 1 : 0);
    fd = openat(folder_fd, slash ? buffer_text(&folder) : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        s = failure(err);
    if (fd >= 0)
        (void)close(fd);
    return s;
}

static enum status write_file(int folder_fd, const char *name, struct slice bytes,
                              const struct stat *owner, bool replaces, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer draft = {0};
    char id[ID_MAX];
    enum status s;

    id_new("", id); /* two at once have a draft each */
    buffer_printf(&draft, "%s.%s", name, id);
    s = write_draft(folder_fd, buffer_text(&draft), bytes, owner, err);
    if (s == STATUS_OK && replaces && renameat(folder_fd, draft.data, folder_fd, name) != 0)
        s = failure(err);
    if (s == STATUS_OK && !replaces && linkat(folder_fd, draft.data, folder_fd, name, 0) != 0 &&
        errno != EEXIST)
        s = failure(err);
    (void)unlinkat(folder_fd, draft.data, 0); /* after renameat() there is none */
    return s == STATUS_OK ? sync_folder(folder_fd, name, err) : s;
}

enum status private_file_write(int folder_fd, const char *name, struct slice bytes,
                               const struct stat *owner, struct error *err)
{
    return write_file(folder_fd, name, bytes, owner, true, err);
}

enum status private_file_make(int folder_fd, const char *name, struct slice bytes,
                              struct error *err)
{
    return write_file(folder_fd, name, bytes, NULL, false, err);
}
