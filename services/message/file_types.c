#include "file_types.h"

#include <string.h>

#include "wire/frames.h"

/* Names as libmagic has them. Position: what exiftool can write. */
static const struct file_type types[] = {
    {"image/jpeg", "image", "jpg", .is_inline = true, .has_position = true, .has_picture = true},
    {"image/png", "image", "png", .is_inline = true, .has_position = true, .has_picture = true},
    {"image/gif", "image", "gif", .is_inline = true, .has_position = true, .has_picture = true},
    {"image/webp", "image", "webp", .is_inline = true, .has_position = true, .has_picture = true},
    {"image/avif", "image", "avif", .is_inline = true, .has_position = true, .has_picture = true},
    {"image/bmp", "image", "bmp", .is_inline = true},
    {"image/heic", "image", "heic", .is_inline = false, .has_position = true, .has_picture = true},
    {"image/heif", "image", "heif", .is_inline = false, .has_position = true, .has_picture = true},
    {"image/tiff", "image", "tif", .is_inline = false, .has_position = true, .has_picture = true},
    {"audio/mpeg", "voice", "mp3", .is_inline = true},
    {"audio/ogg", "voice", "ogg", .is_inline = true},
    {"audio/flac", "voice", "flac", .is_inline = true},
    {"audio/x-wav", "voice", "wav", .is_inline = true},
    {"audio/x-hx-aac-adts", "voice", "aac", .is_inline = true},
    {"audio/x-m4a", "voice", "m4a", .is_inline = true, .has_position = true},
    {"audio/mp4", "voice", "m4a", .is_inline = true, .has_position = true},
    {"audio/amr", "voice", "amr", .is_inline = false},
    {"audio/AMR", "voice", "amr", .is_inline = false},
    {"video/mp4", "video", "mp4", .is_inline = true, .has_position = true},
    {"video/x-m4v", "video", "m4v", .is_inline = true, .has_position = true},
    {"video/webm", "video", "webm", .is_inline = true},
    {"video/ogg", "video", "ogv", .is_inline = true},
    {"video/quicktime", "video", "mov", .is_inline = false, .has_position = true},
    {"video/3gpp", "video", "3gp", .is_inline = false, .has_position = true},
    {"video/3gpp2", "video", "3g2", .is_inline = false, .has_position = true},
    {"video/x-matroska", "video", "mkv", .is_inline = false},
    {"video/x-msvideo", "video", "avi", .is_inline = false},
    {"video/mpeg", "video", "mpg", .is_inline = false},
};

static const struct file_type other = {"application/octet-stream", "file", "bin",
                                       .is_inline = false};

const struct file_type *file_type_find(const char *mime_type)
{
    for (size_t i = 0; i < N_ELEMENTS(types); i++)
        if (strcmp(types[i].mime_type, mime_type) == 0)
            return &types[i];
    return &other;
}

bool file_kind_fits(int64_t msg_type, const char *kind)
{
    switch (msg_type) {
    case MSG_IMAGE:
        return strcmp(kind, "image") == 0;
    case MSG_VOICE:
        return strcmp(kind, "voice") == 0 || strcmp(kind, "video") == 0;
    case MSG_VIDEO:
        return strcmp(kind, "video") == 0;
    default:
        return msg_type == MSG_FILE;
    }
}

const char *file_kind_in(int64_t msg_type, const char *kind)
{
    return msg_type == MSG_VOICE ? "voice" : kind;
}
