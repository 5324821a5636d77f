#ifndef HTTP_FILE_HEADERS_H
#define HTTP_FILE_HEADERS_H

#include "base/base.h"
#include "base/buffer.h"

/* What requests and answers say about files: the bytes that are wanted (RFC 9110, chapters 13 and
 * 14), a file's name (RFC 6266), the form that it comes in (RFC 7578). Pure: fuzzed. */

enum range_wish {
    RANGE_ALL,  /* no header, not one of ours, or several ranges: we may ignore it then */
    RANGE_PART, /* *ret_offset and *ret_length, at least one byte */
    RANGE_NONE, /* nothing of it exists: 416 */
};

/* header: the value of Range, or NULL. */
enum range_wish range_read(const char *header, int64_t size, int64_t *ret_offset,
                           int64_t *ret_length);

/* Does a list of If-None-Match, or NULL, name this tag (without quotes)? Weak ones count too. */
bool etag_is_listed(const char *header, const char *etag);

/* Append the value of Content-Disposition: the name as ASCII for old clients, and in full. */
void disposition_print(struct buffer *ret, bool is_inline, const char *name);

/* Is this Content-Type, or NULL, "multipart/form-data" with a boundary that is one, quoted or not? */
bool form_has_boundary(const char *content_type);

#endif
