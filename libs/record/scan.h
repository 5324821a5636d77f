#ifndef RECORD_SCAN_H
#define RECORD_SCAN_H

#include "base/buffer.h"
#include "base/slice.h"

/* Inside libs/record only: JSON as bytes, without a tree. */

/* 32 levels: our own bodies have 4; cards of a custom message have some more. */
#define JSON_DEPTH_MAX 32

/* A struct json is shown again inside other bodies (a page of a history), and must fit there. */
#define JSON_INNER_DEPTH_MAX 24

/* Pass over one value and the white space before it. The new position, or NULL where the text
 * stops being JSON (*ret_at is then the place). */
const char *scan_value(const char *p, const char *end, int depth, const char **ret_at);

const char *scan_space(const char *p, const char *end);

/* The value of a member of the object `text`, which json_check() has accepted; {NULL, 0} when there
 * is none. The name is compared as it is written, so only names without escapes are found. */
struct slice scan_member(struct slice text, const char *name);

/* Take the next element off the array `rest` (at first the whole array), which json_check() has
 * accepted; {NULL, 0} when there is none, and of {NULL, 0}. */
struct slice scan_element(struct slice *rest);

/* Append a checked value without the white space between its tokens. */
void scan_compact(struct slice value, struct buffer *ret);

#endif
