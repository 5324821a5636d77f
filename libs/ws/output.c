/* What goes out: a queue of frames per socket, written in as few calls as they fit into. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/memory.h"
#include "ws/loop.h"

/* The kernel's buffer of a socket is half of what it may be by default, so that it can be doubled
 * when we close a peer who does not read: our close frame then goes in at once, and reaches him
 * if he ever reads again, while we forget him. */
#define SEND_BUFFER (104 * 1024)
#define SEND_BUFFER_CLOSING (208 * 1024)

#define FRAMES_PER_WRITE 64 /* five frames in one call cost a fifth each; past some tens, no less */

void ws_output_init(int fd)
{
    int size = SEND_BUFFER;

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size); /* a default will do too */
}

void ws_output_clear(struct ws_connection *connection)
{
    for (uint32_t i = connection->first; i < connection->last; i++)
        ws_frame_free(connection->queue[i]);
    free(connection->queue);
    connection->queue = NULL;
    connection->first = connection->last = connection->room = connection->sent = 0;
    ws_uncount(&connection->loop->counters.unsent, connection->unsent);
    connection->unsent = 0;
}

static void mark_dirty(struct ws_connection *connection)
{
    if (connection->is_dirty)
        return;
    connection->is_dirty = true;
    connection->next_dirty = connection->loop->dirty;
    connection->loop->dirty = connection;
}

void ws_output_add(struct ws_connection *connection, struct ws_frame *frame)
{
    if (connection->last == connection->room) {
        uint32_t n = connection->last - connection->first;

        if (connection->first > connection->room / 2) {
            memmove(connection->queue, connection->queue + connection->first,
                    n * sizeof(struct ws_frame *));
            connection->first = 0;
            connection->last = n;
        } else {
            connection->room = connection->room ? connection->room * 2 : 4;
            connection->queue =
                memory_grow(connection->queue, connection->room, sizeof(struct ws_frame *));
        }
    }
    connection->queue[connection->last++] = frame;
    connection->unsent += frame->length;
    ws_count(&connection->loop->counters.unsent, frame->length);
    mark_dirty(connection);
}

/* n more bytes have gone out. */
static void dequeue(struct ws_connection *connection, size_t n)
{
    connection->unsent -= n;
    ws_uncount(&connection->loop->counters.unsent, n);
    n += connection->sent;
    while (connection->first < connection->last &&
           n >= connection->queue[connection->first]->length) {
        n -= connection->queue[connection->first]->length;
        ws_frame_free(connection->queue[connection->first++]);
        ws_count(&connection->loop->counters.frames_out, 1);
    }
    connection->sent = (uint32_t)n;
    if (connection->first == connection->last)
        ws_output_clear(connection);
}

/* One call. False: nothing more goes for now. */
static bool write_once(struct ws_connection *connection)
{
    struct iovec parts[FRAMES_PER_WRITE];
    struct msghdr message = {.msg_iov = parts};
    ssize_t n;

    for (uint32_t i = connection->first; i < connection->last; i++) {
        size_t skip = i == connection->first ? connection->sent : 0;

        if (message.msg_iovlen == FRAMES_PER_WRITE)
            break;
        parts[message.msg_iovlen++] =
            (struct iovec){connection->queue[i]->data + skip, connection->queue[i]->length - skip};
    }
    n = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    ws_count(&connection->loop->counters.writes, 1);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            ws_connection_end(connection, WS_CODE_ABNORMAL);
        return false;
    }
    ws_count(&connection->loop->counters.bytes_out, (unsigned long long)n);
    dequeue(connection, (size_t)n);
    return connection->last > connection->first;
}

void ws_connection_write(struct ws_connection *connection)
{
    bool is_empty;

    if (connection->state == WS_STATE_DEAD)
        return;
    while (connection->last > connection->first && write_once(connection))
        ;
    if (connection->state == WS_STATE_DEAD)
        return;
    is_empty = connection->last == connection->first;
    if (connection->wants_write == is_empty) {
        connection->wants_write = !is_empty;
        ws_connection_watch(connection);
    }
    if (!is_empty || connection->state != WS_STATE_CLOSING)
        return;
    if (connection->is_peer_done) {
        ws_connection_end(connection, connection->code);
    } else if (connection->pending && !connection->is_shut) {
        /* An answer over HTTP. After a close frame the peer's comes first: a proxy would take our half
         * for the end, reset what the client is just sending, and so take the frame from him. */
        connection->is_shut = true;
        (void)shutdown(connection->fd, SHUT_WR); /* fails only when the peer has gone already */
    }
}

/* The close frame need not wait behind what the peer does not read: only the frame that has gone
 * out in part must be finished. */
static void cut_off(struct ws_connection *connection)
{
    int size = SEND_BUFFER_CLOSING;
    uint32_t keep = connection->first + (connection->sent > 0);

    for (uint32_t i = keep; i < connection->last; i++) {
        connection->unsent -= connection->queue[i]->length;
        ws_uncount(&connection->loop->counters.unsent, connection->queue[i]->length);
        ws_frame_free(connection->queue[i]);
    }
    connection->last = keep;
    (void)setsockopt(connection->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ws_connection_say(connection, ws_frame_new_close(WS_CODE_TOO_SLOW, "too slow"),
                      WS_CODE_TOO_SLOW);
    ws_connection_write(connection);
}

void ws_connection_send(struct ws_connection *connection, struct ws_frame *frame)
{
    if (connection->state != WS_STATE_OPEN)
        return;
    ws_output_add(connection, ws_frame_keep(frame, 1));
    if (connection->unsent <= WS_UNSENT_MAX)
        return;
    ws_connection_write(connection); /* perhaps he reads, and only this turn brought so much */
    if (connection->state == WS_STATE_OPEN && connection->unsent > WS_UNSENT_MAX)
        cut_off(connection);
}
