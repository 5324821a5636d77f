#ifndef MESSAGE_FILE_LOOK_H
#define MESSAGE_FILE_LOOK_H

#include "base/error.h"
#include "base/temporary.h"

/* What is in an uploaded file. All that reads its bytes runs in a child with limits. */
struct file_facts {
    char mime_type[128];
    int64_t width; /* as it is shown; 0: unknown */
    int64_t height;
    int clean_fd;     /* the bytes to be kept: without position; -1: the upload's own */
    int thumbnail_fd; /* a JPEG of THUMBNAIL_PIXELS at most on each side; -1: there is none */
};

#define THUMBNAIL_PIXELS 320

/* Look at the file of size bytes that the user uploads. INVALID: its position cannot be taken out, so that it must not be
 * kept. UNAVAILABLE: the programs are busy, or not there. What else fails leaves facts out. The
 * caller ends *ret with file_facts_clear() in any case. */
MUST_CHECK enum status file_look(int fd, int64_t size, const char *user_id, struct file_facts *ret,
                                 struct error *err);
void file_facts_clear(struct file_facts *facts);

/* Width and height out of what `vipsheader -a` prints, turned by the orientation; both 0 when they
 * are not there or no sizes. Pure. */
void file_read_measures(const char *text, int64_t *ret_width, int64_t *ret_height);

#endif
