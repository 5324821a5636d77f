#ifndef WS_LOOP_H
#define WS_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "ws/inbox.h"
#include "ws/server.h"

/* Inside libs/ws: what a loop and its connections know of each other. All of it belongs to the
 * loop's thread but the inbox and the counters. */

enum ws_state {
    WS_STATE_HANDSHAKE, /* the request is still coming */
    WS_STATE_WAITING,   /* the handler has it */
    WS_STATE_OPEN,
    WS_STATE_CLOSING, /* our last words are queued or sent */
    WS_STATE_DEAD,    /* freed when the turn ends: this turn's events may still name it */
};

/* Each kind of waiting has one duration, so a list in order of arrival is in order of time too. */
enum ws_timer {
    WS_TIMER_HANDSHAKE,
    WS_TIMER_ANSWER,
    WS_TIMER_PING,
    WS_TIMER_LEAVE,
    WS_TIMER_GRACE,
    WS_TIMERS
};

struct ws_timers {
    struct ws_connection *first;
    struct ws_connection *last;
};

/* What a connection needs only until it is open. */
struct ws_pending {
    struct buffer bytes;
    size_t used; /* of bytes: the request; what lies behind it are frames */
    char accept[WS_ACCEPT_MAX];
    bool is_bearer;
};

struct ws_connection {
    struct ws_loop *loop;
    uint64_t id;
    int fd;
    uint8_t state;
    uint8_t timer;
    bool is_requested; /* the handler knows of it */
    bool is_dirty;     /* in the loop's list of those with something to send */
    bool is_shut;      /* our half is closed */
    bool is_peer_done; /* the peer's close frame has come */
    bool is_leaving;   /* read from no more, and about to be closed */
    bool wants_write;  /* epoll tells when there is room again */
    uint16_t code;     /* the close code, for the handler and the metrics */
    int64_t due;
    int64_t heard_at;
    struct ws_connection *previous; /* in the timer's list */
    struct ws_connection *next;     /* there; of a dead one: in the list of the dead */
    struct ws_connection *next_dirty;
    struct ws_pending *pending;
    struct ws_frame **queue; /* what is not sent, from queue[first]; NULL when there is nothing */
    uint32_t first;
    uint32_t last;
    uint32_t room;
    uint32_t sent; /* bytes of queue[first] */
    size_t unsent;
    struct ws_parser parser;
    void *data;
};

/* Closes are counted by these codes and by "other". */
#define WS_COUNTED_CODES 12
extern const uint16_t ws_counted_codes[WS_COUNTED_CODES];

#define WS_METRIC_REFUSED 0 /* of ws_metrics: by status, counted where it happens */

struct ws_counters {
    atomic_ullong sockets; /* open now */
    atomic_ullong unsent;  /* bytes that wait for sockets */
    atomic_ullong accepted;
    atomic_ullong messages_in;
    atomic_ullong frames_out;
    atomic_ullong bytes_in;
    atomic_ullong bytes_out;
    atomic_ullong writes;
    atomic_ullong closed[WS_COUNTED_CODES + 1];
};

static inline void ws_count(atomic_ullong *counter, unsigned long long n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline void ws_uncount(atomic_ullong *counter, unsigned long long n)
{
    atomic_fetch_sub_explicit(counter, n, memory_order_relaxed);
}

#define WS_INPUT_MAX (64 * 1024) /* read at once; shared by all sockets of a loop */

struct ws_loop {
    const struct ws_config *config;
    size_t index;
    pthread_t thread;
    bool is_running;
    bool is_stopping;
    int epoll;
    int listener;            /* -1: no longer */
    int64_t accept_again_at; /* 0: the listener is watched */
    int64_t now;
    struct ws_inbox inbox;
    struct ws_commands commands; /* being carried out */
    struct ws_connection **slots;
    uint32_t n_slots;
    uint32_t *free_slots;
    uint32_t n_free;
    uint64_t generation;
    struct ws_timers timers[WS_TIMERS];
    struct ws_connection *dirty;
    struct ws_connection *dead;
    int64_t drain_from; /* 0: not draining */
    int64_t drain_ms;
    uint32_t drain_total;
    uint32_t drain_done;
    uint32_t drain_slot;
    struct ws_frame *ping;
    char *input;
    struct ws_counters counters;
};

bool ws_loop_init(struct ws_loop *loop, const struct ws_config *config, size_t index, int listener);
void ws_loop_clear(struct ws_loop *loop);
void *ws_loop_run(void *loop);

/* The connection of that id, or NULL. */
struct ws_connection *ws_loop_find(struct ws_loop *loop, uint64_t id);
size_t ws_loop_of(uint64_t id);

void ws_loop_set_timer(struct ws_connection *connection, enum ws_timer timer);
void ws_loop_drop_timer(struct ws_connection *connection);

/* connection.c */
struct ws_connection *ws_connection_new(struct ws_loop *loop, int fd);
void ws_connection_free(struct ws_connection *connection);
void ws_connection_read(struct ws_connection *connection);
void ws_connection_is_due(struct ws_connection *connection);
void ws_connection_watch(struct ws_connection *connection);         /* as its state asks for */
void ws_connection_end(struct ws_connection *connection, int code); /* no more words */
/* Read no more; 1001 when WS_TIMER_LEAVE is due. */
void ws_connection_leave(struct ws_connection *connection);
/* Queue last words, whose reference it takes, and close when they are out. */
void ws_connection_say(struct ws_connection *connection, struct ws_frame *last, int code);

/* output.c */
void ws_output_init(int fd);
void ws_output_clear(struct ws_connection *connection);
void ws_output_add(struct ws_connection *connection, struct ws_frame *frame); /* takes it */
void ws_connection_write(struct ws_connection *connection); /* all that is queued and fits */

#endif
