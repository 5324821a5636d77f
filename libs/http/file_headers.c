#include "http/file_headers.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046 */

/* *text moves behind the digits; -1: there are none. What no file is as long as counts as the
 * greatest number there is. */
static int64_t read_number(const char **text)
{
    int64_t ret = 0;

    if (!isdigit((unsigned char)**text))
        return -1;
    for (; isdigit((unsigned char)**text); (*text)++)
        ret = ret > (INT64_MAX - 9) / 10 ? INT64_MAX : ret * 10 + (**text - '0');
    return ret;
}

enum range_wish range_read(const char *header, int64_t size, int64_t *ret_offset,
                           int64_t *ret_length)
{
    int64_t first;
    int64_t last;

    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return RANGE_ALL;
    header += 6;
    header += strspn(header, " \t");
    first = read_number(&header);
    if (*header++ != '-')
        return RANGE_ALL;
    last = read_number(&header);
    header += strspn(header, " \t");
    if (*header || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
        return RANGE_ALL;
    if (first < 0) { /* the last so many bytes */
        first = last < size ? size - last : 0;
        last = last == 0 ? -1 : size - 1;
    } else if (last < 0 || last >= size) {
        last = size - 1;
    }
    if (first > last)
        return RANGE_NONE;
    *ret_offset = first;
    *ret_length = last - first + 1;
    return RANGE_PART;
}

bool etag_is_listed(const char *header, const char *etag)
{
    size_t length = strlen(etag);

    while (header && *header) {
        header += strspn(header, " \t,");
        if (*header == '*')
            return true;
        if (strncmp(header, "W/", 2) == 0)
            header += 2;
        if (*header != '"')
            return false; /* not a list of tags any more */
        header++;
        if (strncmp(header, etag, length) == 0 && header[length] == '"')
            return true;
        header += strcspn(header, "\"");
        header += *header == '"';
    }
    return false;
}

void disposition_print(struct buffer *ret, bool is_inline, const char *name)
{
    buffer_printf(ret, "%s; filename=\"", is_inline ? "inline" : "attachment");
    for (const char *c = name; *c; c++) {
        bool plain = (unsigned char)*c >= ' ' && (unsigned char)*c < 0x7f && !strchr("\"\\%", *c);

        if ((*c & 0xc0) != 0x80) /* one for each character, not each byte */
            buffer_add(ret, plain ? c : "_", 1);
    }
    buffer_add_text(ret, "\"; filename*=UTF-8''");
    for (const char *c = name; *c; c++) {
        if (isascii((unsigned char)*c) &&
            (isalnum((unsigned char)*c) || strchr("!#$&+-.^_`|~", *c)))
            buffer_add(ret, c, 1);
        else
            buffer_printf(ret, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

bool form_has_boundary(const char *content_type)
{
    static const char type[] = "multipart/form-data";
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "'()+_,-./:=?";
    const char *boundary;
    size_t length;
    bool quoted;

    if (!content_type || strncasecmp(content_type, type, strlen(type)) != 0)
        return false;
    boundary = strcasestr(content_type + strlen(type), "boundary=");
    if (!boundary)
        return false;
    boundary += strlen("boundary=");
    quoted = *boundary == '"';
    boundary += quoted;
    length = strspn(boundary, allowed);
    return length > 0 && length <= BOUNDARY_MAX &&
           (quoted ? boundary[length] == '"' : !boundary[length] || boundary[length] == ';');
}
