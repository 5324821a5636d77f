#ifndef CTL_ADDRESSES_H
#define CTL_ADDRESSES_H

#include "base/error.h"
#include "record/record.h"

/* Append all addresses that "host:port" stands for, as "127.0.0.1:8001" or "[::1]:8001": the host may be
 * a name with many. INVALID says why there are none. */
MUST_CHECK enum status addresses_find(const char *name, struct strings *ret, struct error *err);

#endif
