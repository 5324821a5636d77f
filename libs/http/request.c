/* What a request says: who asks, from where, and the struct that the handler gets. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/exchange.h"
#include "http/pace.h"

#define HOST_MAX 255 /* a DNS name, RFC 1035 */

const char *request_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

/* ---- Names for the logs */

static void identify_request(struct exchange *exchange)
{
    const char *given = request_header(exchange, "X-Request-Id");
    size_t length = given ? strlen(given) : 0;

    if (length > 0 && length < ID_MAX && strspn(given, ALPHABET_ID) == length)
        memcpy(exchange->call.request_id, given, length + 1);
    else
        id_new("req_", exchange->call.request_id);
}

/* ---- From where */

static bool is_address(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static void print_peer(const struct sockaddr *peer, char *ret, socklen_t room)
{
    const void *address =
        peer->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)peer)->sin_addr
            : &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;

    if (peer->sa_family == AF_INET || peer->sa_family == AF_INET6)
        (void)inet_ntop(peer->sa_family, address, ret, room);
}

/* X-Real-IP counts only from our own proxies: anyone else could write what he likes. */
static void identify_address(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const char *trusted = exchange->http->config.trusted_addresses;
    const char *real = request_header(exchange, "X-Real-IP");
    char *address = exchange->call.address;
    size_t room = sizeof exchange->call.address;

    if (!info || !info->client_addr)
        return;
    print_peer(info->client_addr, address, (socklen_t)room);
    if (real && is_address(real) && trusted && address_is_listed(trusted, address))
        (void)snprintf(address, room, "%s", real);
}

static bool is_host(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= HOST_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]") ==
               length;
}

static bool is_our_origin(const struct exchange *exchange, const char *origin)
{
    const struct strings *origins = &exchange->http->origins;

    for (size_t i = 0; i < origins->n; i++)
        if (strcasecmp(origins->items[i], origin) == 0)
            return true;
    return false;
}

/* How much of "host:port" is the host; an IPv6 one stands in brackets. */
static size_t host_length(const char *host)
{
    return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
}

static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && strspn(text + 1, "0123456789") == strlen(text + 1));
}

/* Is it the host of one of our origins, whatever the port? Forwarded ports are ours too. */
static bool is_our_host(const struct exchange *exchange, const char *host)
{
    const struct strings *origins = &exchange->http->origins;
    size_t length = host_length(host);

    if (length > strlen(host) || !is_port(host + length))
        return false;
    for (size_t i = 0; i < origins->n; i++) {
        const char *ours = strstr(origins->items[i], "://");

        ours = ours ? ours + strlen("://") : origins->items[i];
        if (host_length(ours) == length && strncasecmp(ours, host, length) == 0)
            return true;
    }
    return origins->n == 0;
}

/* The origin that the client used if its host is one of ours, else the first of ours. A client is
 * told with it where to send its token: that is not for a Host header to say. */
static void identify_origin(struct exchange *exchange)
{
    const char *scheme = request_header(exchange, "X-Forwarded-Proto");
    const char *host = request_header(exchange, "X-Forwarded-Host");
    const struct strings *origins = &exchange->http->origins;
    struct buffer origin = {0};

    if (!scheme || strcmp(scheme, "https") != 0)
        scheme = "http";
    if (!host)
        host = request_header(exchange, "Host");
    if (host && is_host(host) && is_our_host(exchange, host))
        buffer_printf(&origin, "%s://%s", scheme, host);
    else if (origins->n > 0)
        buffer_add_text(&origin, origins->items[0]);
    exchange->origin = buffer_take(&origin);
    exchange->call.origin = exchange->origin;
}

/* A cut in the middle of a character would not be UTF-8, so other than ASCII becomes "?". */
static void identify_user_agent(struct exchange *exchange)
{
    const char *given = request_header(exchange, "User-Agent");
    char *agent = exchange->call.user_agent;
    size_t n = 0;

    for (; given && *given && n + 1 < sizeof exchange->call.user_agent; given++)
        agent[n++] = *given >= 0x20 && *given < 0x7f ? *given : '?';
}

void request_identify(struct exchange *exchange)
{
    exchange->call.exchange = exchange;
    identify_request(exchange);
    identify_address(exchange);
    identify_origin(exchange);
    identify_user_agent(exchange);
}

/* ---- Who */

static bool changes_something(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/* A foreign page can make a browser send our cookies, but neither our Authorization header nor
 * another Origin than its own ("null" from a sandbox). Public routes too: refresh and logout live
 * by their cookie. */
static enum status check_origin(struct exchange *exchange, struct error *err)
{
    const char *origin = request_header(exchange, "Origin");
    bool cookies = http_find_cookie(&exchange->call, "access_token") ||
                   http_find_cookie(&exchange->call, "refresh_token");

    if (!origin || !cookies || !changes_something(exchange->method) ||
        request_header(exchange, "Authorization") || is_our_origin(exchange, origin))
        return STATUS_OK;
    return error_set(err, STATUS_FOREIGN_ORIGIN, "this origin may not act with the user's cookie");
}

static enum status check_right(const struct exchange *exchange, struct error *err)
{
    const struct http_route *route = exchange->match.route->info;
    enum right right = route->right;

    if (strcmp(exchange->call.role, ROLE_SERVICE) == 0 && !route->services)
        return error_set(err, STATUS_FORBIDDEN, "this is not for service accounts");
    if (right == RIGHT_NONE || role_has(exchange->call.role, right))
        return STATUS_OK;
    return error_set(err, STATUS_FORBIDDEN, "your role does not have the right %s",
                     right_name(right));
}

static enum status check_pace(struct exchange *exchange, struct error *err)
{
    const struct http_route *route = exchange->match.route->info;
    const char *trusted = exchange->http->config.trusted_addresses;
    struct call *call = &exchange->call;
    enum http_pace kind = strcmp(call->role, ROLE_SERVICE) == 0 ? HTTP_SERVICES : route->pace;
    char who[ADDRESS_MAX];
    enum status s;

    if (route->access == HTTP_USER)
        (void)snprintf(who, sizeof who, "%s", call->user_id); /* fits */
    else if (trusted && address_is_listed(trusted, call->address))
        return STATUS_OK;
    else
        address_network(call->address, who);
    s = paces_take(exchange->http->paces, kind, who, clock_monotonic(), err);
    if (s != STATUS_OK)
        http_set_retry_after(call, 1); /* there are hundreds of tokens by then */
    return s;
}

enum status request_authenticate(struct exchange *exchange, struct error *err)
{
    const struct http_config *config = &exchange->http->config;
    const char *header = request_header(exchange, "Authorization");
    const char *token = http_find_cookie(&exchange->call, "access_token");
    enum status s;

    s = check_origin(exchange, err);
    if (s != STATUS_OK)
        return s;
    if (exchange->match.route->info->access == HTTP_PUBLIC)
        return check_pace(exchange, err);
    if (header) {
        if (strncasecmp(header, "Bearer ", 7) != 0)
            return error_set(err, STATUS_UNAUTHENTICATED, "Authorization must be a Bearer token");
        token = header + 7 + strspn(header + 7, " ");
    }
    if (!token)
        return error_set(err, STATUS_UNAUTHENTICATED, "a token is missing");
    s = config->verify(config->verify_context, token, &exchange->call, err);
    if (s == STATUS_OK)
        s = check_right(exchange, err);
    return s == STATUS_OK ? check_pace(exchange, err) : s;
}

/* ---- What */

/* With or without parameters such as charset. */
static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    const char *rest;

    if (!content_type || strncasecmp(content_type, json, sizeof json - 1) != 0)
        return false;
    rest = content_type + sizeof json - 1;
    rest += strspn(rest, " \t");
    return *rest == '\0' || *rest == ';';
}

/* Path members are texts and numbers; they move from their own struct into the request. */
static void move_path_members(const struct route *route, const void *from, void *to)
{
    for (size_t i = 0; i < route->path.n_fields; i++) {
        const struct field *field = &route->path.fields[i];

        memcpy((char *)to + field->offset, (const char *)from + field->offset,
               field->type == FIELD_NUMBER ? sizeof(int64_t) : sizeof(char *));
    }
}

static enum status read_body(struct exchange *exchange, void *request, struct error *err)
{
    const struct route *route = exchange->match.route;
    struct slice body = {exchange->body.data, exchange->body.length};

    if (body.length == 0 && route->body_required)
        return error_set(err, STATUS_NOT_JSON, "the body is missing: it must be a JSON object");
    if (body.length == 0)
        body = slice_of("{}");
    else if (!is_json(request_header(exchange, "Content-Type")))
        return error_set(err, STATUS_NOT_JSON, "Content-Type must be application/json");
    return record_from_json(&route->body, body.data, body.length, request, err);
}

static enum status read_path_and_body(struct exchange *exchange, void *request, struct error *err)
{
    const struct route *route = exchange->match.route;
    CLEANUP(free) void *path = memory_new(route->path.size);
    enum status s;

    s = record_from_texts(&route->path, match_find, &exchange->match, path, err);
    if (s != STATUS_OK)
        return s;
    s = read_body(exchange, request, err);
    if (s != STATUS_OK) {
        record_clear(&route->path, path);
        return s;
    }
    move_path_members(route, path, request);
    return STATUS_OK;
}

static enum status check_query(const struct match *match, const struct record *rec,
                               struct error *err)
{
    for (size_t i = 0; i < match->n_pairs; i++)
        for (size_t j = 0; !match->pairs[i].value && j < rec->n_fields; j++)
            if (strcmp(rec->fields[j].name, match->pairs[i].name) == 0)
                return error_field(err, STATUS_INVALID, rec->fields[j].name,
                                   "field '%s' is not percent-encoded UTF-8", rec->fields[j].name);
    return STATUS_OK;
}

enum status request_read(struct exchange *exchange, void *request, struct error *err)
{
    const struct route *route = exchange->match.route;
    const struct record *rec = route->info->request;
    enum status s;

    if (!rec)
        return STATUS_OK;
    if (route->takes_body)
        return read_path_and_body(exchange, request, err);
    s = check_query(&exchange->match, rec, err);
    if (s != STATUS_OK)
        return s;
    return record_from_texts(rec, match_find, &exchange->match, request, err);
}
