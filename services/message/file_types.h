#ifndef MESSAGE_FILE_TYPES_H
#define MESSAGE_FILE_TYPES_H

#include "base/base.h"

/* What we know of a file by its type, which its content tells and never its name. Pure. */
struct file_type {
    const char *mime_type;
    const char *kind;      /* file_type in content.file: image, voice, video, file */
    const char *extension; /* in an archive */
    /* A browser may show it in our origin: nothing in it runs. All else is only ever saved, as
     * application/octet-stream, whatever it is: HTML, SVG, XML, PDF, scripts. */
    bool is_inline;
    bool has_position; /* where it was made may be in it, and is taken out */
    bool has_picture;  /* libvips makes a smaller one of it */
};

/* The type of that name; one that is saved as it is for all that are not in the table. Static. */
const struct file_type *file_type_find(const char *mime_type);

/* May a message of this kind (msg_type) hold a file of that kind? */
bool file_kind_fits(int64_t msg_type, const char *kind);

/* file_type of the file in a message of this kind. A voice may be told to be a video by its
 * content: WebM and MP4 hold either. */
const char *file_kind_in(int64_t msg_type, const char *kind);

#endif
