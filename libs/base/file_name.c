#include "base/file_name.h"

#include <string.h>

#include "base/base.h"
#include "base/buffer.h"
#include "base/invisible.h"
#include "base/memory.h"
#include "base/utf8.h"

#define NOTHING "file"

static bool is_kept(uint32_t character)
{
    enum invisible kind = invisible_find(character);

    if (character < 0x20 || character == 0x7f ||
        (character < 0x7f && strchr("\"*:<>?|", (int)character)))
        return false;
    return kind == INVISIBLE_NOT || kind == INVISIBLE_BLANK;
}

static const char *last_part(const char *name)
{
    const char *ret = name;

    for (; *name; name++)
        if (*name == '/' || *name == '\\')
            ret = name + 1;
    return ret;
}

char *file_name_clean(const char *name)
{
    struct buffer kept = {0};
    const char *text;
    size_t length;

    if (!name || !utf8_is_valid(name, strlen(name)))
        return memory_text(NOTHING);
    for (const char *next = text = last_part(name); *text; text = next) {
        if (is_kept(utf8_next(&next)))
            buffer_add(&kept, text, (size_t)(next - text));
    }
    text = buffer_text(&kept);
    for (length = utf8_length(text, strlen(text)); length > FILE_NAME_MAX; length--)
        (void)utf8_next(&text);
    text += strspn(text, ". "); /* hidden, or this folder, or the one above */
    name = *text ? text : NOTHING;
    name = memory_text(name);
    buffer_clear(&kept);
    return (char *)name; /* ours, just made */
}
