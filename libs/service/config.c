/* What every service is configured by, and the tables that --routes and --config print. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/memory.h"
#include "service/runtime.h"
#include "wire/rpc_info.h"

/* The defaults are the ports of `make run` on PORT=8080 (README.md), so that one service may be
 * started by hand beside the others. */
static const struct field service_config_fields[] = {
    FIELD(struct service_config, listen, .def = "127.0.0.1:8000",
          .about = "where REST, or push's WebSocket, is served"),
    FIELD(struct service_config, internal_listen, .def = "127.0.0.1:8001",
          .about = "where /healthz, /readyz and /metrics are served; never routed from outside"),
    FIELD(struct service_config, rpc_listen, .def = "127.0.0.1:8002",
          .about = "where other services ask this one; never routed from outside"),
    FIELD(struct service_config, amqp_url, .def = "amqp://guest:guest@127.0.0.1:22160/", .max = 512,
          .secret = true, .about = "RabbitMQ"),
    FIELD(struct service_config, mongodb_uri,
          .def = "mongodb://127.0.0.1:22163/parley?replicaSet=rs0", .max = 1024, .secret = true,
          .about = "MongoDB: a replica set, and the database's name"),
    FIELD(struct service_config, redis_url, .def = "redis://127.0.0.1:22164/0", .max = 512,
          .secret = true, .about = "Redis"),
    FIELD(struct service_config, auth_rpc, .def = "127.0.0.1:22170",
          .about = "RPC_LISTEN of auth, for those who ask it; several are separated by commas, "
                   "as for the others"),
    FIELD(struct service_config, user_rpc, .def = "127.0.0.1:22173",
          .about = "RPC_LISTEN of user, for those who ask it"),
    FIELD(struct service_config, group_rpc, .def = "127.0.0.1:22176",
          .about = "RPC_LISTEN of group, for those who ask it"),
    FIELD(struct service_config, message_rpc, .def = "127.0.0.1:22179",
          .about = "RPC_LISTEN of message, for those who ask it"),
    FIELD(struct service_config, rpc_key_file,
          .about =
              "file of 64 hex digits, of mode 0600, that all services share: what they ask each "
              "other is sealed with it, and what is not is refused; without it, which is for "
              "loopback alone, anybody may ask"),
    FIELD(struct service_config, node_id, .max = NODE_ID_MAX, .alphabet = ALPHABET_ID ".",
          .about =
              "stable name of this process, unique among all that run: it names its queues, and "
              "begins with the service's name and '-', or RabbitMQ refuses them; by default the "
              "service's and the host's name"),
    FIELD(struct service_config, public_url, .def = "http://127.0.0.1:8080,http://localhost:8080",
          .max = 2048,
          .about = "the origins of the edge, comma-separated; the first is the one shown"),
    FIELD(struct service_config, trusted_addresses, .def = "127.0.0.0/8,::1", .max = 2048,
          .about = "addresses and networks (10.1.0.0/16) of our own proxies and machines, "
                   "comma-separated: what they say of a client's address is believed, and limits "
                   "per address do not hold them"),
    FIELD(struct service_config, log_level, .def = "info",
          .about = "the least level that is written: debug, info, warn, error"),
    FIELD(struct service_config, otlp_endpoint, .max = 2048,
          .about = "where spans are sent, by OTLP over HTTP: "
                   "http://127.0.0.1:4318/v1/traces of a collector (docs/tracing.md); without it "
                   "none are recorded"),
    FIELD(struct service_config, trace_sample, .def = "10", .min = 0, .max = 1000,
          .about = "of 1,000 traces that begin with us, how many are recorded; a client that sends "
                   "a traceparent decides for itself"),
    FIELD(struct service_config, drain_seconds, .def = "5", .min = 0, .max = 600,
          .about = "over how long push closes its sockets when it is told to end"),
};

const struct record service_config_record =
    RECORD("service.config", struct service_config, service_config_fields);

static const char *const levels[] = {"debug", "info", "warn", "error"};

static bool find_level(const char *name, enum log_level *ret)
{
    for (size_t i = 0; i < N_ELEMENTS(levels); i++)
        if (strcmp(levels[i], name) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

enum log_level config_log_level(const struct service_config *config)
{
    enum log_level level = LOG_LEVEL_INFO;

    (void)find_level(config->log_level, &level); /* config_read() has refused what is unknown */
    return level;
}

/* "auth-<host>": replicas on one host must be told apart by NODE_ID. */
static char *default_node_id(const struct service *service)
{
    struct buffer name = {0};
    char host[33] = "";

    (void)gethostname(host, sizeof host - 1); /* cut is fine */
    for (char *p = host; *p; p++)
        if (!strchr(ALPHABET_ID ".", *p))
            *p = '-';
    buffer_printf(&name, "%s-%s", service->name, host);
    return buffer_take(&name);
}

enum status config_read(struct runtime *runtime, struct buffer *faults)
{
    const struct record *own = runtime->service->config;
    struct service_config *config = &runtime->config;
    enum log_level level;
    enum status s;

    s = record_from_env(&service_config_record, config, faults);
    if (s == STATUS_OK && !find_level(config->log_level, &level)) {
        buffer_add_text(faults, "LOG_LEVEL: must be debug, info, warn or error\n");
        s = STATUS_INVALID;
    }
    if (s == STATUS_OK && !address_list_is_good(config->trusted_addresses)) {
        buffer_add_text(faults, "TRUSTED_ADDRESSES: must be addresses and networks\n");
        s = STATUS_INVALID;
    }
    if (s == STATUS_OK && config->otlp_endpoint && *config->otlp_endpoint &&
        strncmp(config->otlp_endpoint, "http://", strlen("http://")) != 0 &&
        strncmp(config->otlp_endpoint, "https://", strlen("https://")) != 0) {
        buffer_add_text(faults, "OTLP_ENDPOINT: must begin with http:// or https://\n");
        s = STATUS_INVALID;
    }
    if (own) {
        runtime->own_config = memory_new(own->size);
        if (record_from_env(own, runtime->own_config, faults) != STATUS_OK)
            s = STATUS_INVALID;
        else if (runtime->service->check_config &&
                 runtime->service->check_config(runtime->own_config, faults) != STATUS_OK)
            s = STATUS_INVALID;
    }
    if (s == STATUS_OK && !config->node_id)
        config->node_id = default_node_id(runtime->service);
    return s;
}

void config_clear(struct runtime *runtime)
{
    record_clear(&service_config_record, &runtime->config);
    if (runtime->own_config)
        record_clear(runtime->service->config, runtime->own_config);
    free(runtime->own_config);
    runtime->own_config = NULL;
}

/* ---- Printing */

static void print_name(const char *key, const struct record *rec, struct buffer *ret)
{
    buffer_printf(ret, ",\"%s\":", key);
    if (rec)
        json_add_string(ret, rec->name);
    else
        buffer_add_text(ret, "null");
}

void print_routes(const struct service *service, struct buffer *ret)
{
    buffer_add_text(ret, "[");
    for (size_t i = 0; i < service->n_routes; i++) {
        const struct http_route *route = &service->routes[i];

        buffer_printf(ret,
                      "%s\n {\"method\":\"%s\",\"path\":\"%s\",\"access\":\"%s\",\"right\":\"%s\","
                      "\"services\":%s",
                      i ? "," : "", route->method, route->path,
                      route->access == HTTP_PUBLIC ? "public" : "user", right_name(route->right),
                      route->services ? "true" : "false");
        print_name("request", route->request, ret);
        print_name("reply", route->reply, ret);
        buffer_add_text(ret, "}");
    }
    buffer_add_text(ret, "\n]\n");
}

void print_methods(const struct service *service, struct buffer *ret)
{
    buffer_add_text(ret, "[");
    for (size_t i = 0; i < service->n_methods; i++) {
        const struct rpc_method *method = &service->methods[i];
        const struct rpc_info *info = rpc_info_find(method->name);

        buffer_printf(ret, "%s\n {\"name\":\"%s\"", i ? "," : "", method->name);
        print_name("request", method->request, ret);
        print_name("reply", method->reply, ret);
        buffer_printf(ret, ",\"about\":\"%s\",\"wait_ms\":%d}", info ? info->about : "",
                      info ? info->wait_ms : 0);
    }
    buffer_add_text(ret, "\n]\n");
}

void print_config(const struct service *service, struct buffer *ret)
{
    buffer_add_text(ret, "| variable | default | meaning |\n|---|---|---|\n");
    record_print_settings(&service_config_record, ret);
    if (service->config)
        record_print_settings(service->config, ret);
}
