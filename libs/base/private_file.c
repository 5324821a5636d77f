#include "base/private_file.h"

bool private_file_is_good(const struct stat *info, uid_t self)
{
    mode_t refused = S_IRWXG | S_IRWXO;

    if (info->st_uid == 0 && self != 0)
        refused &= ~(mode_t)S_IRGRP;
    return !(info->st_mode & refused);
}
