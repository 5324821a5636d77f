#include "base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
