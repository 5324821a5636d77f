#ifndef WIRE_RPC_INFO_H
#define WIRE_RPC_INFO_H

#include <stddef.h>

/* What is to be said about the calls by nng besides their records: `parley-<service> --methods` prints
 * it with them, and docs/internal.md is printed from that. Every RPC_… of the wire has a row. */
struct rpc_info {
    const char *name; /* RPC_… */
    const char *about;
    int wait_ms; /* how long our callers wait for the answer, at most */
};
extern const struct rpc_info rpc_infos[];
extern const size_t n_rpc_infos;

/* NULL: there is none. */
const struct rpc_info *rpc_info_find(const char *name);

#endif
