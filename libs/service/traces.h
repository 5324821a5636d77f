#ifndef SERVICE_TRACES_H
#define SERVICE_TRACES_H

#include "service/runtime.h"

/* What a process says of single pieces of its work: spans, to OTLP_ENDPOINT, and a line in the log for
 * each call to the store that is slow or fails. Before other threads start. */
MUST_CHECK enum status traces_open(struct runtime *runtime, struct error *err);

/* After other threads have ended: what is there is sent. One that was not opened is fine. */
void traces_close(struct runtime *runtime);

#endif
