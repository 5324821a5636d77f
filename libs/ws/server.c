#include "ws/server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "ws/loop.h"

#define BACKLOG 4096 /* a whole node's clients may come back at once; net.core.somaxconn caps it */

struct ws_server {
    struct ws_config config;
    struct ws_loop loops[WS_LOOPS_MAX];
    size_t n_loops;
    int port;
};

struct ws_outbox {
    struct ws_server *server;
    struct ws_commands commands[WS_LOOPS_MAX];
};

/* ---- Listening */

static enum status find_address(const char *listen_text, struct addrinfo **ret, struct error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    CLEANUP(free) char *host = memory_text(listen_text);
    char *colon = strrchr(host, ':');
    char *name = host;
    int failure;

    if (!colon)
        return error_set(err, STATUS_INVALID, "'%s' is not <address>:<port>", listen_text);
    *colon = '\0';
    if (*name == '[' && colon > name && colon[-1] == ']') {
        colon[-1] = '\0';
        name++;
    }
    failure = getaddrinfo(*name ? name : NULL, colon + 1, &hints, ret);
    if (failure)
        return error_set(err, STATUS_INVALID, "cannot listen on %s: %s", listen_text,
                         gai_strerror(failure));
    return STATUS_OK;
}

static int listener_open(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* The loops after the first listen on the port that the first was given. */
static void remember_port(struct ws_server *server, int fd, struct addrinfo *address)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;

    if (getsockname(fd, (struct sockaddr *)&bound, &length) < 0)
        return;
    memcpy(address->ai_addr, &bound, address->ai_addrlen);
    server->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                     : ((struct sockaddr_in *)&bound)->sin_port);
}

static enum status open_loops(struct ws_server *server, struct addrinfo *address, struct error *err)
{
    const char *where = server->config.listen;

    for (size_t i = 0; i < server->config.n_loops; i++) {
        int fd = listener_open(address);

        if (fd < 0)
            return error_set(err, STATUS_INTERNAL, "cannot listen on %s: %s", where,
                             strerror(errno));
        if (i == 0)
            remember_port(server, fd, address);
        server->n_loops++;
        if (!ws_loop_init(&server->loops[i], &server->config, i, fd))
            return error_set(err, STATUS_INTERNAL, "cannot make an event loop: %s",
                             strerror(errno));
    }
    return STATUS_OK;
}

enum status ws_server_open(const struct ws_config *config, struct ws_server **ret,
                           struct error *err)
{
    CLEANUP(ws_server_close) struct ws_server *server = memory_new(sizeof *server);
    struct addrinfo *address = NULL;
    enum status s;

    server->config = *config;
    if (server->config.n_loops > WS_LOOPS_MAX)
        server->config.n_loops = WS_LOOPS_MAX;
    s = find_address(config->listen, &address, err);
    if (s != STATUS_OK)
        return s;
    s = open_loops(server, address, err);
    freeaddrinfo(address);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < server->n_loops; i++) {
        if (pthread_create(&server->loops[i].thread, NULL, ws_loop_run, &server->loops[i]) != 0)
            return error_set(err, STATUS_INTERNAL, "cannot start a thread");
        server->loops[i].is_running = true;
    }
    *ret = TAKE(server);
    return STATUS_OK;
}

static void tell_all(struct ws_server *server, const struct ws_command *command)
{
    for (size_t i = 0; i < server->n_loops; i++) {
        struct ws_commands commands = {0};

        ws_commands_add(&commands, command);
        ws_inbox_put(&server->loops[i].inbox, &commands, false);
        ws_commands_clear(&commands);
    }
}

void ws_server_stop_accepting(struct ws_server *server)
{
    tell_all(server, &(struct ws_command){.kind = WS_COMMAND_STOP_ACCEPT});
}

void ws_server_drain(struct ws_server *server, int64_t over_ms)
{
    tell_all(server, &(struct ws_command){.kind = WS_COMMAND_DRAIN, .id = (uint64_t)over_ms});
}

void ws_server_close(struct ws_server *server)
{
    if (!server)
        return;
    tell_all(server, &(struct ws_command){.kind = WS_COMMAND_STOP});
    for (size_t i = 0; i < server->n_loops; i++)
        if (server->loops[i].is_running)
            pthread_join(server->loops[i].thread, NULL);
    for (size_t i = 0; i < server->n_loops; i++)
        ws_loop_clear(&server->loops[i]);
    free(server);
}

int ws_server_port(const struct ws_server *server)
{
    return server->port;
}

/* ---- Counters */

static unsigned long long sum(const struct ws_server *server, size_t offset)
{
    unsigned long long total = 0;

    for (size_t i = 0; i < server->n_loops; i++) {
        const char *counters = (const char *)&server->loops[i].counters;

        total += atomic_load_explicit((const atomic_ullong *)(const void *)(counters + offset),
                                      memory_order_relaxed);
    }
    return total;
}

size_t ws_server_sockets(const struct ws_server *server)
{
    return (size_t)sum(server, offsetof(struct ws_counters, sockets));
}

enum {
    REFUSED = WS_METRIC_REFUSED,
    ACCEPTED,
    MESSAGES_IN,
    FRAMES_OUT,
    BYTES_IN,
    BYTES_OUT,
    WRITES,
    UNSENT,
    CLOSED,
};

static const char *get_code(const void *unused, size_t i);

static const struct metric_info infos[] = {
    [ACCEPTED] = {"parley_ws_accepted_total", METRIC_COUNTER, "Sockets that were opened."},
    [REFUSED] = {"parley_ws_refused_total",
                 METRIC_COUNTER,
                 "Upgrades that were refused, by the reason.",
                 {METRIC_STATUS("status")}},
    [MESSAGES_IN] = {"parley_ws_messages_in_total", METRIC_COUNTER, "Messages from clients."},
    [FRAMES_OUT] = {"parley_ws_frames_out_total", METRIC_COUNTER,
                    "Frames written to clients, pings and last words included."},
    [BYTES_IN] = {"parley_ws_in_bytes_total", METRIC_COUNTER, "Bytes read from clients."},
    [BYTES_OUT] = {"parley_ws_out_bytes_total", METRIC_COUNTER, "Bytes written to clients."},
    [WRITES] = {"parley_ws_writes_total", METRIC_COUNTER,
                "Calls that wrote; frames out per write is what batching saves."},
    [UNSENT] = {"parley_ws_unsent_bytes", METRIC_GAUGE,
                "Bytes that wait for sockets whose clients read too slowly."},
    [CLOSED] = {"parley_ws_closed_total",
                METRIC_COUNTER,
                "Sockets that ended, by close code.",
                {{"code", WS_COUNTED_CODES + 1, get_code}}},
};

struct metrics ws_metrics = METRICS(infos);

static const char *get_code(const void *unused, size_t i)
{
    static const char *const codes[] = {"1000", "1001", "1002", "1003", "1005", "1006",
                                        "1007", "1008", "1009", "1011", "1013", "4401"};

    (void)unused;
    _Static_assert(N_ELEMENTS(codes) == WS_COUNTED_CODES, "as ws_counted_codes[]");
    return i < WS_COUNTED_CODES ? codes[i] : "other";
}

void ws_server_measure(const struct ws_server *server)
{
    static const size_t offsets[] = {
        [ACCEPTED] = offsetof(struct ws_counters, accepted),
        [MESSAGES_IN] = offsetof(struct ws_counters, messages_in),
        [FRAMES_OUT] = offsetof(struct ws_counters, frames_out),
        [BYTES_IN] = offsetof(struct ws_counters, bytes_in),
        [BYTES_OUT] = offsetof(struct ws_counters, bytes_out),
        [WRITES] = offsetof(struct ws_counters, writes),
        [UNSENT] = offsetof(struct ws_counters, unsent),
    };

    for (size_t i = 0; i < N_ELEMENTS(offsets); i++)
        if (i != REFUSED) /* counted where it happens, since that is rare */
            metrics_set(&ws_metrics, i, METRIC_AT(0), (int64_t)sum(server, offsets[i]));
    for (size_t i = 0; i <= WS_COUNTED_CODES; i++)
        metrics_set(
            &ws_metrics, CLOSED, METRIC_AT(i),
            (int64_t)sum(server, offsetof(struct ws_counters, closed) + i * sizeof(atomic_ullong)));
}

/* ---- Outboxes */

struct ws_outbox *ws_outbox_new(struct ws_server *server)
{
    struct ws_outbox *outbox = memory_new(sizeof *outbox);

    outbox->server = server;
    return outbox;
}

void ws_outbox_free(struct ws_outbox *outbox)
{
    for (size_t i = 0; outbox && i < WS_LOOPS_MAX; i++)
        ws_commands_clear(&outbox->commands[i]);
    free(outbox);
}

/* Takes the caller's reference to frame. */
static void add(struct ws_outbox *outbox, uint64_t id, enum ws_command_kind kind,
                struct ws_frame *frame, int code)
{
    struct ws_commands *commands = &outbox->commands[ws_loop_of(id)];
    bool is_same = commands->n > 0 && commands->items[commands->n - 1].frame == frame;

    ws_commands_add(commands,
                    &(struct ws_command){
                        .id = id, .frame = frame, .kind = (uint16_t)kind, .code = (uint16_t)code});
    if (frame && !is_same)
        commands->bytes += frame->length;
}

void ws_outbox_accept(struct ws_outbox *outbox, uint64_t id)
{
    add(outbox, id, WS_COMMAND_ACCEPT, NULL, 0);
}

void ws_outbox_refuse(struct ws_outbox *outbox, uint64_t id, const struct error *err,
                      int retry_after_s)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};

    ws_answer_refuse(err, retry_after_s, &answer);
    metrics_add(&ws_metrics, WS_METRIC_REFUSED, METRIC_AT(err->status), 1);
    add(outbox, id, WS_COMMAND_REFUSE, ws_frame_new_raw((struct slice){answer.data, answer.length}),
        0);
}

void ws_outbox_send(struct ws_outbox *outbox, const uint64_t *ids, size_t n, struct ws_frame *frame)
{
    ws_frame_keep(frame, n);
    for (size_t i = 0; i < n; i++)
        add(outbox, ids[i], WS_COMMAND_SEND, frame, 0);
}

void ws_outbox_close(struct ws_outbox *outbox, uint64_t id, int code, const char *reason)
{
    add(outbox, id, WS_COMMAND_CLOSE, ws_frame_new_close(code, reason), code);
}

void ws_outbox_leave(struct ws_outbox *outbox, uint64_t id)
{
    add(outbox, id, WS_COMMAND_LEAVE, NULL, 0);
}

void ws_outbox_flush(struct ws_outbox *outbox)
{
    for (size_t i = 0; i < outbox->server->n_loops; i++)
        ws_inbox_put(&outbox->server->loops[i].inbox, &outbox->commands[i], true);
}
