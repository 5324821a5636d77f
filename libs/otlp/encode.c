/* OTLP's JSON: opentelemetry.io/docs/specs/otlp, and its proto files for the names. Ids are hex there,
 * 64-bit numbers are texts. */

#include "otlp/otlp.h"
#include "record/record.h"

#define STATUS_CODE_ERROR 2

static void add_ids(struct buffer *ret, const struct trace *trace)
{
    buffer_printf(ret, "\"traceId\":\"%.*s\",\"spanId\":\"%.*s\"", TRACE_ID_LENGTH,
                  trace->text + TRACE_ID_AT, SPAN_ID_LENGTH, trace->text + SPAN_ID_AT);
}

static void add_attribute(struct buffer *ret, const struct span_attribute *attribute)
{
    buffer_add_text(ret, "{\"key\":");
    json_add_string(ret, attribute->key);
    if (attribute->text) {
        buffer_add_text(ret, ",\"value\":{\"stringValue\":");
        json_add_string(ret, attribute->text);
        buffer_add_text(ret, "}}");
    } else {
        buffer_printf(ret, ",\"value\":{\"intValue\":\"%lld\"}}", (long long)attribute->number);
    }
}

static void add_attributes(struct buffer *ret, const struct span_attribute *attributes, size_t n)
{
    buffer_add_text(ret, "\"attributes\":[");
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(ret, i ? "," : "");
        add_attribute(ret, &attributes[i]);
    }
    buffer_add_text(ret, "]");
}

static void add_links(struct buffer *ret, const struct trace_span *span)
{
    buffer_add_text(ret, ",\"links\":[");
    for (size_t i = 0; i < span->n_links; i++) {
        buffer_add_text(ret, i ? ",{" : "{");
        add_ids(ret, &span->links[i]);
        buffer_add_text(ret, "}");
    }
    buffer_add_text(ret, "]");
}

void otlp_add_span(struct buffer *ret, const struct trace_span *span)
{
    buffer_add_text(ret, "{");
    add_ids(ret, &span->here);
    if (span->parent[0])
        buffer_printf(ret, ",\"parentSpanId\":\"%s\"", span->parent);
    buffer_add_text(ret, ",\"name\":");
    json_add_string(ret, span->name);
    buffer_printf(ret, ",\"kind\":%d,\"startTimeUnixNano\":\"%lld\",\"endTimeUnixNano\":\"%lld\",",
                  span->kind, (long long)span->begun_ns,
                  (long long)(span->begun_ns + span->lasted_ns));
    add_attributes(ret, span->attributes, span->n_attributes);
    if (span->n_links > 0)
        add_links(ret, span);
    if (span->is_failed)
        buffer_printf(ret, ",\"status\":{\"code\":%d}", STATUS_CODE_ERROR);
    buffer_add_text(ret, "}");
}

void otlp_begin_body(struct buffer *ret, const char *service, const char *instance)
{
    const struct span_attribute attributes[] = {
        {.key = "service.namespace", .text = "parley"},
        {.key = "service.name", .text = service},
        {.key = "service.instance.id", .text = instance},
    };

    buffer_add_text(ret, "{\"resourceSpans\":[{\"resource\":{");
    add_attributes(ret, attributes, N_ELEMENTS(attributes));
    buffer_add_text(ret, "},\"scopeSpans\":[{\"scope\":{\"name\":\"parley\"},\"spans\":[");
}

void otlp_end_body(struct buffer *ret)
{
    buffer_add_text(ret, "]}]}]}");
}
