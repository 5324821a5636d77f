#ifndef WIRE_SHOWN_H
#define WIRE_SHOWN_H

#include "base/error.h"

/* Texts that one person writes and others are shown: what a field's table cannot check. All take
 * valid UTF-8, name field in err, and answer INVALID. */

/* One visible line (a nickname, a group's name): something to see, no control characters, nothing
 * that hides in it or turns what stands beside it (base/invisible.h). */
MUST_CHECK enum status shown_check_line(const char *text, const char *field, struct error *err);

/* Several lines: line breaks and tabs are fine, and what languages need between their letters; not
 * what turns the text around it. */
MUST_CHECK enum status shown_check_text(const char *text, const char *field, struct error *err);

/* A picture's address: http, https, or a path of our own. A browser would run others. */
MUST_CHECK enum status shown_check_address(const char *text, const char *field, struct error *err);

#endif
