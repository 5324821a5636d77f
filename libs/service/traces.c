#include "service/traces.h"

#include "otlp/otlp.h"

#define SLOW_US 100000 /* a bulk of 256 takes a tenth of it: somebody waits who need not */

static void note_store_call(const struct store_call *call)
{
    const struct error *failure = call->failure;

    if (failure && failure->status != STATUS_ID_TAKEN)
        LOG_EVENT(failure->status == STATUS_INTERNAL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
                  "store call failed", LOG_TEXT("operation", call->operation),
                  LOG_TEXT("collection", call->collection), LOG_NUMBER("ms", call->us / 1000),
                  LOG_TEXT("status", status_name(failure->status)),
                  LOG_TEXT("reason", failure->text));
    else if (call->us > SLOW_US)
        log_info("store call was slow", LOG_TEXT("operation", call->operation),
                 LOG_TEXT("collection", call->collection), LOG_NUMBER("ms", call->us / 1000));
}

static void note_lost_spans(const char *reason, int64_t lost)
{
    if (reason)
        log_warn("spans are lost", LOG_TEXT("reason", reason));
    else
        log_info("spans are lost no more", LOG_NUMBER("lost", lost));
}

enum status traces_open(struct runtime *runtime, struct error *err)
{
    const struct service_config *config = &runtime->config;
    const struct otlp_config otlp = {
        .endpoint = config->otlp_endpoint,
        .service = runtime->service->name,
        .instance = config->node_id,
        .report = note_lost_spans,
    };

    store_observe(note_store_call);
    if (!config->otlp_endpoint || !*config->otlp_endpoint)
        return STATUS_OK; /* then nothing is recorded, and nothing need be sampled */
    trace_sample(config->trace_sample);
    return otlp_open(&otlp, &runtime->otlp, err);
}

void traces_close(struct runtime *runtime)
{
    otlp_close(runtime->otlp);
    runtime->otlp = NULL;
}
