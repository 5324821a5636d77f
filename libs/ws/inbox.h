#ifndef WS_INBOX_H
#define WS_INBOX_H

#include <pthread.h>

#include "ws/frame.h"

/* What other threads want of a loop: a bounded list under a lock, and an eventfd that wakes. */

enum ws_command_kind {
    WS_COMMAND_ACCEPT,
    WS_COMMAND_REFUSE, /* frame holds the HTTP answer */
    WS_COMMAND_SEND,
    WS_COMMAND_CLOSE, /* frame is the close frame */
    WS_COMMAND_LEAVE,
    WS_COMMAND_STOP_ACCEPT, /* the rest is about no connection */
    WS_COMMAND_DRAIN,       /* id is the time in ms */
    WS_COMMAND_STOP,
};

struct ws_command {
    uint64_t id;
    struct ws_frame *frame; /* holds a reference, or NULL */
    uint16_t kind;
    uint16_t code;
};

struct ws_commands {
    struct ws_command *items;
    size_t n;
    size_t room;
    size_t bytes; /* of frames, each counted once where it goes to many */
};

/* A loop that is behind makes its senders wait from here on: about a second of a loop's work. */
#define WS_INBOX_COMMANDS_MAX (128 * 1024)
#define WS_INBOX_BYTES_MAX (32 << 20)

struct ws_inbox {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct ws_commands waiting;
    bool is_closed;
    int wake; /* eventfd, readable while something waits */
};

void ws_commands_add(struct ws_commands *commands, const struct ws_command *command);
void ws_commands_clear(struct ws_commands *commands); /* gives the frames back too */

bool ws_inbox_init(struct ws_inbox *inbox); /* false: no eventfd */
void ws_inbox_clear(struct ws_inbox *inbox);

/* Move all of *commands into the inbox, leaving it empty. may_wait: wait for room first. */
void ws_inbox_put(struct ws_inbox *inbox, struct ws_commands *commands, bool may_wait);

/* Take all that waits, in exchange for *commands, which must be empty. */
void ws_inbox_take(struct ws_inbox *inbox, struct ws_commands *commands);

/* Nobody takes any more: senders no longer wait, and what they put is dropped. */
void ws_inbox_close(struct ws_inbox *inbox);

#endif
