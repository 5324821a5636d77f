#ifndef CONTRACT_FILES_H
#define CONTRACT_FILES_H

/* Tests run in the project's root: paths are as one types them there. */

#include <cjson/cJSON.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"

static inline bool read_file(const char *path, struct buffer *ret)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    if (!file)
        return false;
    do {
        char *room = buffer_reserve(ret, 4096);

        n = fread(room, 1, 4096, file);
        ret->length += n;
    } while (n > 0);
    (void)fclose(file); /* only read from */
    return true;
}

/* The caller ends it with cJSON_Delete(). */
static inline cJSON *read_json(const char *path)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    cJSON *ret;

    if (!read_file(path, &text))
        fail_msg("%s cannot be read", path);
    ret = cJSON_ParseWithLength(text.data, text.length);
    if (!ret)
        fail_msg("%s is not JSON", path);
    return ret;
}

/* Call each with the path and name of what is in the folder, in the order of names. */
static inline void for_each_file(const char *folder,
                                 void (*each)(const char *path, const char *name))
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);

    if (n < 0)
        fail_msg("%s cannot be read", folder);
    for (int i = 0; i < n; i++) {
        CLEANUP(buffer_clear) struct buffer path = {0};

        buffer_printf(&path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            each(buffer_text(&path), entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

#endif
