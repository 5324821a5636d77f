#ifndef STORE_TEMPLATE_H
#define STORE_TEMPLATE_H

#include <stdarg.h>

#include <bson/bson.h>

#include "base/error.h"

/* The little language of store_document(), apart from any server. Pure. */
#define TEMPLATE_DEPTH_MAX 32 /* ours nest four deep; a bound, so that no template eats the stack */

/* As store_document(); args may be NULL for a template without holes. The caller destroys *ret, on failure too (it is valid, but useless). */
MUST_CHECK enum status template_build(bson_t *ret, struct error *err, const char *fmt,
                                      va_list *args);

#endif
