#ifndef RPC_METRICS_H
#define RPC_METRICS_H

#include "rpc/rpc.h"

/* Inside libs/rpc: what is counted of calls. */
enum rpc_side { RPC_CLIENT, RPC_SERVER };

/* A call has ended, here by an answer, there by having it sent or not. */
void rpc_count(enum rpc_side side, const char *method, enum status status, int64_t started_us);

/* A message whose seal is wrong: nothing was done with it. */
void rpc_count_refused(void);

#endif
