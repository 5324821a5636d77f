#include "ws/loop.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define EVENTS_PER_TURN 512
#define ACCEPTS_PER_TURN 256 /* the sockets that are open want their turn too */
#define ACCEPT_PAUSE_MS 100  /* without descriptors: look again then, instead of spinning */
#define DRAIN_STEP_MS 20
#define IDLE_MS 60000

/* An id is 40 bits of generation, 20 of slot, 4 of loop. */
#define LOOP_BITS 4
#define SLOT_BITS 20
#define SLOTS_MAX (1U << SLOT_BITS)
_Static_assert(WS_LOOPS_MAX <= 1 << LOOP_BITS, "a loop's index must fit into an id");

const uint16_t ws_counted_codes[WS_COUNTED_CODES] = {
    WS_CODE_NORMAL,   WS_CODE_GOING_AWAY,    WS_CODE_PROTOCOL, WS_CODE_UNSUPPORTED, WS_CODE_NONE,
    WS_CODE_ABNORMAL, WS_CODE_NOT_UTF8,      WS_CODE_POLICY,   WS_CODE_TOO_BIG,     1011,
    WS_CODE_TOO_SLOW, WS_CODE_SESSION_ENDED,
};

static const int timer_ms[WS_TIMERS] = {
    [WS_TIMER_HANDSHAKE] = WS_HANDSHAKE_MS, [WS_TIMER_ANSWER] = WS_ANSWER_MS,
    [WS_TIMER_PING] = WS_PING_MS,           [WS_TIMER_LEAVE] = WS_LEAVE_MS,
    [WS_TIMER_GRACE] = WS_GRACE_MS,
};

/* ---- Ids */

size_t ws_loop_of(uint64_t id)
{
    return id & ((1U << LOOP_BITS) - 1);
}

static uint32_t slot_of(uint64_t id)
{
    return (uint32_t)(id >> LOOP_BITS) & (SLOTS_MAX - 1);
}

struct ws_connection *ws_loop_find(struct ws_loop *loop, uint64_t id)
{
    uint32_t slot = slot_of(id);
    struct ws_connection *found = slot < loop->n_slots ? loop->slots[slot] : NULL;

    return found && found->id == id ? found : NULL;
}

static bool take_slot(struct ws_loop *loop, uint32_t *ret)
{
    if (loop->n_free == 0) {
        uint32_t n = loop->n_slots ? loop->n_slots * 2 : 256;

        if (loop->n_slots == SLOTS_MAX)
            return false;
        loop->slots = memory_grow(loop->slots, n, sizeof(struct ws_connection *));
        loop->free_slots = memory_grow(loop->free_slots, n, sizeof *loop->free_slots);
        for (uint32_t i = n; i-- > loop->n_slots;) {
            loop->slots[i] = NULL;
            loop->free_slots[loop->n_free++] = i;
        }
        loop->n_slots = n;
    }
    *ret = loop->free_slots[--loop->n_free];
    return true;
}

/* ---- Timers */

void ws_loop_drop_timer(struct ws_connection *connection)
{
    struct ws_timers *timers = &connection->loop->timers[connection->timer];

    if (!connection->due)
        return;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        timers->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    else
        timers->last = connection->previous;
    connection->previous = connection->next = NULL;
    connection->due = 0;
}

void ws_loop_set_timer(struct ws_connection *connection, enum ws_timer timer)
{
    struct ws_timers *timers = &connection->loop->timers[timer];

    ws_loop_drop_timer(connection);
    connection->timer = (uint8_t)timer;
    connection->due = connection->loop->now + timer_ms[timer];
    connection->previous = timers->last;
    if (timers->last)
        timers->last->next = connection;
    else
        timers->first = connection;
    timers->last = connection;
}

static void run_timers(struct ws_loop *loop)
{
    for (int i = 0; i < WS_TIMERS; i++)
        while (loop->timers[i].first && loop->timers[i].first->due <= loop->now)
            ws_connection_is_due(loop->timers[i].first); /* which moves it to another place */
}

/* How long epoll may wait. */
static int idle_ms(const struct ws_loop *loop)
{
    int64_t until = loop->now + IDLE_MS;

    if (loop->dead || loop->dirty)
        return 0;
    for (int i = 0; i < WS_TIMERS; i++)
        if (loop->timers[i].first && loop->timers[i].first->due < until)
            until = loop->timers[i].first->due;
    if (loop->accept_again_at && loop->accept_again_at < until)
        until = loop->accept_again_at;
    if (loop->drain_from && loop->drain_done < loop->drain_total &&
        loop->now + DRAIN_STEP_MS < until)
        until = loop->now + DRAIN_STEP_MS;
    return until > loop->now ? (int)(until - loop->now) : 0;
}

/* ---- Accepting */

static void watch_listener(struct ws_loop *loop, int operation)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    (void)epoll_ctl(loop->epoll, operation, loop->listener, &event);
}

static void welcome(struct ws_loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    int one = 1;
    uint32_t slot;

    if (!take_slot(loop, &slot)) {
        close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    event.data.ptr = loop->slots[slot] = ws_connection_new(loop, fd);
    loop->slots[slot]->id =
        loop->generation++ << (LOOP_BITS + SLOT_BITS) | (uint64_t)slot << LOOP_BITS | loop->index;
    ws_count(&loop->counters.sockets, 1);
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        ws_connection_end(loop->slots[slot], WS_CODE_ABNORMAL);
}

static void accept_new(struct ws_loop *loop)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && loop->listener >= 0; i++) {
        int fd = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            welcome(loop, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            watch_listener(loop, EPOLL_CTL_DEL);
            loop->accept_again_at = loop->now + ACCEPT_PAUSE_MS;
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static void stop_accepting(struct ws_loop *loop)
{
    if (loop->listener >= 0)
        close(loop->listener);
    loop->listener = -1;
    loop->accept_again_at = 0;
}

/* ---- Inbox */

static void carry_out(struct ws_loop *loop, struct ws_command *command)
{
    struct ws_connection *connection;

    switch (command->kind) {
    case WS_COMMAND_STOP_ACCEPT:
        stop_accepting(loop);
        return;
    case WS_COMMAND_DRAIN:
        loop->drain_from = loop->now;
        loop->drain_ms = (int64_t)command->id;
        loop->drain_total = loop->n_slots - loop->n_free;
        return;
    case WS_COMMAND_STOP:
        loop->is_stopping = true;
        return;
    default:
        break;
    }
    connection = ws_loop_find(loop, command->id);
    if (!connection)
        return;
    if (command->kind == WS_COMMAND_SEND) {
        ws_connection_send(connection, command->frame);
    } else if (command->kind == WS_COMMAND_ACCEPT) {
        ws_connection_accept(connection);
    } else if (command->kind == WS_COMMAND_LEAVE) {
        ws_connection_leave(connection);
    } else if (command->kind == WS_COMMAND_REFUSE && connection->state == WS_STATE_WAITING) {
        ws_connection_say(connection, TAKE(command->frame), WS_CODE_ABNORMAL);
    } else if (command->kind == WS_COMMAND_CLOSE && connection->state == WS_STATE_OPEN) {
        ws_connection_say(connection, TAKE(command->frame), command->code);
    }
}

static void read_inbox(struct ws_loop *loop)
{
    ws_inbox_take(&loop->inbox, &loop->commands);
    for (size_t i = 0; i < loop->commands.n; i++) {
        carry_out(loop, &loop->commands.items[i]);
        ws_frame_free(TAKE(loop->commands.items[i].frame));
    }
    loop->commands.n = 0;
    loop->commands.bytes = 0;
}

/* ---- Turns */

/* Close as many as the time that has passed since the drain began asks for. */
static void drain(struct ws_loop *loop)
{
    int64_t passed = loop->now - loop->drain_from;
    uint32_t wanted = loop->drain_total;
    struct error err;

    if (!loop->drain_from || loop->drain_done >= loop->drain_total)
        return;
    if (passed < loop->drain_ms)
        wanted = (uint32_t)((int64_t)loop->drain_total * passed / loop->drain_ms);
    error_set(&err, STATUS_UNAVAILABLE, "going away; try again");
    for (; loop->drain_done < wanted && loop->drain_slot < loop->n_slots; loop->drain_slot++) {
        struct ws_connection *connection = loop->slots[loop->drain_slot];

        if (!connection)
            continue;
        loop->drain_done++;
        ws_connection_leave(connection);
        ws_connection_refuse(connection, &err, 1); /* only when it waits for its answer */
    }
    if (loop->drain_slot == loop->n_slots)
        loop->drain_done = loop->drain_total; /* others went by themselves */
}

static void bury(struct ws_loop *loop)
{
    while (loop->dead) {
        struct ws_connection *connection = loop->dead;
        uint32_t slot = slot_of(connection->id);

        loop->dead = connection->next;
        if (connection->is_requested)
            loop->config->handler->closed(loop->config->context, connection, connection->code);
        loop->slots[slot] = NULL;
        loop->free_slots[loop->n_free++] = slot;
        atomic_fetch_sub_explicit(&loop->counters.sockets, 1, memory_order_relaxed);
        ws_connection_free(connection);
    }
}

static void write_dirty(struct ws_loop *loop)
{
    struct ws_connection *list = loop->dirty;

    loop->dirty = NULL;
    while (list) {
        struct ws_connection *connection = list;

        list = connection->next_dirty;
        connection->is_dirty = false;
        ws_connection_write(connection);
    }
}

static void handle_event(struct ws_loop *loop, const struct epoll_event *event)
{
    struct ws_connection *connection = event->data.ptr;

    if (!connection) {
        accept_new(loop);
        return;
    }
    if (event->data.ptr == loop)
        return; /* the inbox is looked at anyway */
    if (connection->state == WS_STATE_DEAD)
        return;
    if (event->events & EPOLLOUT)
        ws_connection_write(connection);
    if (connection->state == WS_STATE_WAITING &&
        (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
        ws_connection_end(connection, WS_CODE_ABNORMAL);
    else if (event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        ws_connection_read(connection);
}

static void turn(struct ws_loop *loop)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int n = epoll_wait(loop->epoll, events, EVENTS_PER_TURN, idle_ms(loop));

    loop->now = clock_monotonic();
    for (int i = 0; i < n; i++)
        handle_event(loop, &events[i]);
    read_inbox(loop);
    if (loop->accept_again_at && loop->accept_again_at <= loop->now) {
        loop->accept_again_at = 0;
        watch_listener(loop, EPOLL_CTL_ADD);
    }
    run_timers(loop);
    drain(loop);
    /* The dead may be in the list of the dirty: forget them there before they are freed. */
    write_dirty(loop);
    bury(loop);
    if (loop->config->handler->turn)
        loop->config->handler->turn(loop->config->context, loop->index);
}

void *ws_loop_run(void *context)
{
    struct ws_loop *loop = context;

    loop->now = clock_monotonic();
    while (!loop->is_stopping)
        turn(loop);
    stop_accepting(loop);
    ws_inbox_close(&loop->inbox);
    for (uint32_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i])
            ws_connection_end(loop->slots[i], WS_CODE_GOING_AWAY);
    write_dirty(loop);
    bury(loop);
    if (loop->config->handler->turn)
        loop->config->handler->turn(loop->config->context, loop->index);
    return NULL;
}

bool ws_loop_init(struct ws_loop *loop, const struct ws_config *config, size_t index, int listener)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};

    *loop = (struct ws_loop){.config = config, .index = index, .listener = listener};
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    /* A random start: an answer to a socket of the life before must not find another here. */
    if (!ws_inbox_init(&loop->inbox) || loop->epoll < 0 ||
        getrandom(&loop->generation, sizeof loop->generation, 0) != sizeof loop->generation)
        return false;
    loop->generation = (loop->generation >> 26) + 1; /* of 40 bits, the upper half stays free */
    loop->ping = ws_frame_new(WS_PING, (struct slice){"", 0});
    loop->input = memory_grow(NULL, WS_INPUT_MAX, 1);
    watch_listener(loop, EPOLL_CTL_ADD);
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->inbox.wake, &event) == 0;
}

void ws_loop_clear(struct ws_loop *loop)
{
    stop_accepting(loop);
    ws_commands_clear(&loop->commands);
    ws_inbox_clear(&loop->inbox);
    if (loop->epoll >= 0)
        close(loop->epoll);
    ws_frame_free(loop->ping);
    free(loop->slots);
    free(loop->free_slots);
    free(loop->input);
}
