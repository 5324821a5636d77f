#ifndef STORE_MEMBERS_H
#define STORE_MEMBERS_H

#include "store/store.h"

/* The replica set, as its primary sees it: for operators. */
struct store_member {
    char *name;     /* host:port */
    char *state;    /* PRIMARY, SECONDARY, "(not reachable/healthy)", … */
    bool is_well;   /* reachable, and primary, secondary or arbiter */
    int64_t lag_ms; /* how far its last write is behind the primary's; arbiters have none */
};
extern const struct record store_member_record;

/* Append all of them to *ret: struct store_member. FORBIDDEN: this user may not ask (the role
 * clusterMonitor is needed). */
MUST_CHECK enum status store_members(struct store *store, struct list *ret, struct error *err);

#endif
