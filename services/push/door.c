/* Who is let in: in the loops, before a socket is open. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "push.h"

bool door_is_listed(const char *list, const char *word)
{
    size_t n = strlen(word);

    while (n > 0 && *list) {
        size_t length;
        size_t bare;

        list += strspn(list, ", ");
        bare = length = strcspn(list, ", ");
        while (bare > 0 && list[bare - 1] == '/') /* as REST reads PUBLIC_URL */
            bare--;
        if (bare == n && strncasecmp(list, word, n) == 0)
            return true;
        list += length;
    }
    return false;
}

/* The last word of a list: the one that the nearest proxy wrote. */
static const char *last_word(const char *list)
{
    const char *comma = strrchr(list, ',');
    const char *word = comma ? comma + 1 : list;

    return word + strspn(word, " ");
}

void door_address(const char *trusted, const char *peer, const struct ws_request *request,
                  char ret[WS_ADDRESS_MAX])
{
    const char *address = peer;

    if (address_is_listed(trusted, peer)) {
        if (request->real_ip)
            address = request->real_ip;
        else if (request->forwarded_for)
            address = last_word(request->forwarded_for);
    }
    ret[0] = '\0';
    if (!address_is_listed(trusted, address))
        strncat(ret, address, WS_ADDRESS_MAX - 1);
}

static enum status check(struct push_state *push, const struct ws_request *request,
                         struct token_claims *ret, struct error *err)
{
    enum status s;

    if (atomic_load(&push->lets_nobody_in))
        return error_set(err, STATUS_UNAVAILABLE, "going away; try again");
    if (!request->token)
        return error_set(err, STATUS_UNAUTHENTICATED, "a token is needed");
    if (request->token_from == WS_TOKEN_COOKIE && request->origin &&
        !door_is_listed(push->context->config->public_url, request->origin))
        return error_set(err, STATUS_FOREIGN_ORIGIN, "this origin may not use the cookie");
    s = identity_claims(push->context->identity, request->token, ret, err);
    if (s != STATUS_OK)
        return s;
    if (!atomic_load(&push->is_consuming) ||
        atomic_load_explicit(&push->to_router.n, memory_order_relaxed) > MAILBOX_BUSY)
        return error_set(err, STATUS_UNAVAILABLE, "not ready to serve you yet; try again");
    return STATUS_OK;
}

static struct socket *socket_new(const struct token_claims *claims, const struct trace *trace)
{
    struct socket *socket = memory_new(sizeof *socket);

    strcpy(socket->user_id, claims->user_id);
    strcpy(socket->session_id, claims->session_id);
    socket->trace = *trace;
    socket->messages = (struct bucket){MESSAGES_BURST, clock_monotonic()};
    socket->marks = (struct bucket){MARKS_BURST, clock_monotonic()};
    return socket;
}

static void ask_router(struct push_state *push, struct ws_connection *connection,
                       const struct ws_request *request, const struct token_claims *claims)
{
    struct letter *letter = letter_new(LETTER_OPENED);
    char peer[WS_ADDRESS_MAX];

    letter->connection_id = ws_connection_id(connection);
    strcpy(letter->user_id, claims->user_id);
    strcpy(letter->session_id, claims->session_id);
    ws_connection_address(connection, peer);
    door_address(push->context->config->trusted_addresses, peer, request, letter->address);
    letter->edge = drain_edge(request->edge);
    letters_add(&push->gathered[ws_connection_loop(connection)].letters, letter);
}

void door_request(void *state, struct ws_connection *connection, const struct ws_request *request)
{
    struct push_state *push = state;
    struct token_claims claims;
    struct trace_span span;
    struct error err;
    enum status s;

    span_begin(&span, SPAN_SERVER, "GET /ws", slice_of(request->traceparent));
    s = check(push, request, &claims, &err);
    if (s == STATUS_OK) {
        ws_connection_set_data(connection, socket_new(&claims, &span.here));
        ask_router(push, connection, request, &claims);
    } else {
        ws_connection_refuse(connection, &err, s == STATUS_UNAVAILABLE ? RETRY_AFTER_S : 0);
    }
    log_debug("socket asked for", LOG_TEXT("status", status_name(s)));
    span_add_text(&span, "http.route", "/ws");
    span_add_text(&span, "parley.status", status_name(s));
    span_end(&span, s != STATUS_UNAVAILABLE);
}

void door_closed(void *state, struct ws_connection *connection, int code)
{
    struct push_state *push = state;
    struct socket *socket = ws_connection_data(connection);
    struct letter *letter;

    (void)code; /* the loops count it */
    if (!socket)
        return; /* was refused here */
    free(socket);
    letter = letter_new(LETTER_CLOSED);
    letter->connection_id = ws_connection_id(connection);
    letters_add(&push->gathered[ws_connection_loop(connection)].letters, letter);
}
