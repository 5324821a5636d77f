#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "ws/server.h"

/* A server whose handler does as the request's path tells by its token, and a client that blocks.
 * Whatever should not happen at all shows as a client's time-out. */

struct fixture {
    struct ws_server *server;
    struct ws_outbox *outbox;
    sem_t requested;
    sem_t closed;
    atomic_ullong ids[8];
    atomic_uint n_requests;
    atomic_uint n_closed;
    atomic_int last_code;
};

static void on_request(void *context, struct ws_connection *connection,
                       const struct ws_request *request)
{
    struct fixture *f = context;
    struct error err;

    f->ids[f->n_requests++ % N_ELEMENTS(f->ids)] = ws_connection_id(connection);
    if (request->token && strcmp(request->token, "later") == 0) {
        sem_post(&f->requested);
        return;
    }
    if (request->token && strcmp(request->token, "no") == 0) {
        error_set(&err, STATUS_UNAUTHENTICATED, "go away");
        ws_connection_refuse(connection, &err, 0);
    } else {
        ws_connection_accept(connection);
    }
    sem_post(&f->requested);
}

static void on_message(void *context, struct ws_connection *connection, struct slice payload,
                       bool binary)
{
    CLEANUP(ws_frame_free) struct ws_frame *frame = ws_frame_new(WS_TEXT, payload);

    (void)context;
    (void)binary;
    if (slice_is(payload, "close me"))
        ws_connection_close(connection, WS_CODE_SESSION_ENDED, "as you wish");
    else
        ws_connection_send(connection, frame);
}

static void on_closed(void *context, struct ws_connection *connection, int code)
{
    struct fixture *f = context;

    (void)connection;
    f->n_closed++;
    f->last_code = code;
    sem_post(&f->closed);
}

static int set_up(void **state)
{
    static const struct ws_handler handler = {on_request, on_message, on_closed, NULL};
    struct fixture *f = memory_new(sizeof *f);
    const struct ws_config config = {
        .listen = "127.0.0.1:0",
        .path = "/ws",
        .n_loops = 2,
        .limits = {.message_max = 65536},
        .handler = &handler,
        .context = f,
    };
    struct error err;

    sem_init(&f->requested, 0, 0);
    sem_init(&f->closed, 0, 0);
    if (ws_server_open(&config, &f->server, &err) != STATUS_OK)
        return -1;
    f->outbox = ws_outbox_new(f->server);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    ws_outbox_free(f->outbox);
    ws_server_close(f->server);
    sem_destroy(&f->requested);
    sem_destroy(&f->closed);
    free(f);
    return 0;
}

/* ---- The client */

static int dial(const struct fixture *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)ws_server_port(f->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const void *data, size_t length)
{
    assert_int_equal(send(fd, data, length, MSG_NOSIGNAL), length);
}

static void ask(int fd, const char *token)
{
    CLEANUP(buffer_clear) struct buffer request = {0};

    buffer_printf(&request,
                  "GET /ws?token=%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                  token);
    say(fd, request.data, request.length);
}

static void read_exactly(int fd, void *data, size_t length)
{
    for (size_t n = 0; n < length;) {
        ssize_t got = recv(fd, (char *)data + n, length - n, 0);

        assert_true(got > 0);
        n += (size_t)got;
    }
}

/* The header of the answer; its status. */
static int read_answer(int fd)
{
    char text[2048] = "";
    size_t n = 0;

    while (!strstr(text, "\r\n\r\n")) {
        assert_true(n < sizeof text - 1);
        read_exactly(fd, text + n++, 1);
    }
    return atoi(text + strlen("HTTP/1.1 "));
}

static int open_socket(const struct fixture *f)
{
    int fd = dial(f);

    ask(fd, "yes");
    assert_int_equal(read_answer(fd), 101);
    return fd;
}

static void say_frame(int fd, int first, const char *payload)
{
    size_t n = strlen(payload);
    char head[WS_HEADER_MAX + 4] = {0}; /* a mask of zeroes changes nothing */
    size_t length = ws_encode_header(WS_TEXT, n, head);

    head[0] = (char)first;
    head[1] = (char)(head[1] | 0x80);
    say(fd, head, length + 4);
    say(fd, payload, n);
}

/* The opcode; the payload in ret. */
static int read_frame(int fd, struct buffer *ret)
{
    uint8_t head[10];
    size_t length;

    ret->length = 0;
    read_exactly(fd, head, 2);
    length = head[1];
    if (length == 126) {
        read_exactly(fd, head + 2, 2);
        length = (size_t)head[2] << 8 | head[3];
    }
    assert_true(length <= 65535);
    read_exactly(fd, buffer_reserve(ret, length), length);
    ret->length = length;
    return head[0] & 15;
}

static void expect_text(int fd, const char *text)
{
    CLEANUP(buffer_clear) struct buffer payload = {0};

    assert_int_equal(read_frame(fd, &payload), WS_TEXT);
    assert_string_equal(buffer_text(&payload), text);
}

/* Read on to the close frame; its code. */
static int read_close(int fd)
{
    CLEANUP(buffer_clear) struct buffer payload = {0};

    while (read_frame(fd, &payload) != WS_CLOSE)
        ;
    assert_true(payload.length >= 2);
    return (uint8_t)payload.data[0] << 8 | (uint8_t)payload.data[1];
}

static void expect_end(int fd)
{
    char byte;

    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

/* ---- The stories */

static void answers_messages_and_pings(void **state)
{
    struct fixture *f = *state;
    CLEANUP(buffer_clear) struct buffer payload = {0};
    int fd = open_socket(f);

    say_frame(fd, 0x81, "hello");
    expect_text(fd, "hello");
    say_frame(fd, 0x89, "there?");
    assert_int_equal(read_frame(fd, &payload), WS_PONG);
    assert_string_equal(buffer_text(&payload), "there?");
    assert_int_equal(ws_server_sockets(f->server), 1);
    close(fd);
    sem_wait(&f->closed);
    assert_int_equal(f->last_code, WS_CODE_ABNORMAL);
}

static void refuses_with_an_http_answer_and_ends(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    char body[256];
    ssize_t n;

    ask(fd, "no");
    assert_int_equal(read_answer(fd), 401);
    n = recv(fd, body, sizeof body - 1, 0);
    assert_true(n > 0);
    body[n] = '\0';
    assert_string_equal(body, "{\"code\":40101,\"message\":\"go away\",\"data\":null}");
    expect_end(fd);
    fd = dial(f);
    say(fd, "nonsense\r\n\r\n", 12);
    assert_int_equal(read_answer(fd), 400);
    close(fd);
    assert_int_equal(f->n_requests, 1); /* the handler never heard of the second */
}

static void takes_frames_that_came_with_the_request(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    ask(fd, "later");
    say_frame(fd, 0x81, "impatient");
    sem_wait(&f->requested);
    ws_outbox_accept(f->outbox, f->ids[0]);
    ws_outbox_flush(f->outbox);
    assert_int_equal(read_answer(fd), 101);
    expect_text(fd, "impatient");
    close(fd);
}

static void carries_out_what_other_threads_want_in_order(void **state)
{
    struct fixture *f = *state;
    struct ws_frame *one = ws_frame_new(WS_TEXT, slice_of("one"));
    struct ws_frame *two = ws_frame_new(WS_TEXT, slice_of("two"));
    int a = dial(f);
    int b = dial(f);
    uint64_t ids[3];

    ask(a, "later");
    sem_wait(&f->requested);
    ask(b, "later");
    sem_wait(&f->requested);
    ids[0] = f->ids[0];
    ids[1] = 12345; /* nobody's */
    ids[2] = f->ids[1];
    assert_true(ids[0] != ids[2]);
    ws_outbox_accept(f->outbox, ids[0]);
    ws_outbox_accept(f->outbox, ids[2]);
    ws_outbox_send(f->outbox, ids, 3, one);
    ws_outbox_send(f->outbox, ids, 1, two);
    ws_outbox_close(f->outbox, ids[2], WS_CODE_SESSION_ENDED, "enough");
    ws_outbox_flush(f->outbox);
    ws_frame_free(one);
    ws_frame_free(two);
    assert_int_equal(read_answer(a), 101);
    expect_text(a, "one");
    expect_text(a, "two");
    assert_int_equal(read_answer(b), 101);
    expect_text(b, "one");
    assert_int_equal(read_close(b), WS_CODE_SESSION_ENDED);
    say_frame(b, 0x88, "");
    expect_end(b);
    close(a);
}

static void ends_when_both_have_said_so(void **state)
{
    struct fixture *f = *state;
    int fd = open_socket(f);

    say_frame(fd, 0x88, "\x03\xe8");
    assert_int_equal(read_close(fd), WS_CODE_NORMAL);
    expect_end(fd);
    sem_wait(&f->closed);
    assert_int_equal(f->last_code, WS_CODE_NORMAL);
    fd = open_socket(f);
    say_frame(fd, 0x81, "close me");
    assert_int_equal(read_close(fd), WS_CODE_SESSION_ENDED);
    say_frame(fd, 0x88, "\x11\x31");
    expect_end(fd);
    sem_wait(&f->closed);
    assert_int_equal(f->last_code, WS_CODE_SESSION_ENDED);
    assert_int_equal(f->n_closed, 2);
}

static void names_the_violation_in_its_close_frame(void **state)
{
    struct fixture *f = *state;
    int fd = open_socket(f);

    say_frame(fd, 0x82, "binary");
    assert_int_equal(read_close(fd), WS_CODE_UNSUPPORTED);
    say_frame(fd, 0x88, "");
    expect_end(fd);
}

/* The one who does not read gets his close frame when he reads at last, long after the others have
 * all they were sent. */
static void cuts_off_a_slow_reader_and_nobody_else(void **state)
{
    enum { FRAMES = 800, SIZE = 10000 };
    struct fixture *f = *state;
    CLEANUP(buffer_clear) struct buffer payload = {0};
    int slow = dial(f);
    int fast = dial(f);
    uint64_t ids[2];
    char *text = memory_new(SIZE);
    struct ws_frame *frame;

    memset(text, 'x', SIZE);
    frame = ws_frame_new(WS_TEXT, (struct slice){text, SIZE});
    ask(slow, "yes");
    sem_wait(&f->requested);
    ask(fast, "yes");
    sem_wait(&f->requested);
    ids[0] = f->ids[0];
    ids[1] = f->ids[1];
    assert_int_equal(read_answer(slow), 101);
    assert_int_equal(read_answer(fast), 101);
    for (int i = 0; i < FRAMES; i++) {
        ws_outbox_send(f->outbox, ids, 2, frame);
        ws_outbox_flush(f->outbox);
        assert_int_equal(read_frame(fast, &payload), WS_TEXT);
    }
    assert_int_equal(read_close(slow), WS_CODE_TOO_SLOW);
    expect_end(slow);
    ws_frame_free(frame);
    free(text);
    close(fast);
}

static void writes_what_one_turn_brings_in_one_call(void **state)
{
    struct fixture *f = *state;
    CLEANUP(buffer_clear) struct buffer after = {0};
    struct ws_frame *frame = ws_frame_new(WS_TEXT, slice_of("x"));
    int fd = open_socket(f);
    uint64_t id = f->ids[0];
    int64_t end = clock_monotonic() + 5000;

    for (int i = 0; i < 50; i++)
        ws_outbox_send(f->outbox, &id, 1, frame);
    ws_outbox_flush(f->outbox);
    for (int i = 0; i < 50; i++)
        expect_text(fd, "x");
    do { /* the loop counts after it has written, and we may have read before that */
        after.length = 0;
        ws_server_measure(f->server);
        metrics_print(&ws_metrics, &after);
    } while (!strstr(buffer_text(&after), "parley_ws_frames_out_total 51\n") &&
             clock_monotonic() < end);
    assert_non_null(strstr(buffer_text(&after), "parley_ws_frames_out_total 51\n"));
    assert_non_null(
        strstr(buffer_text(&after), "parley_ws_writes_total 2\n")); /* one was the 101 */
    ws_frame_free(frame);
    close(fd);
}

static void drains_with_1001(void **state)
{
    /* A text that goes nowhere and does no harm, and the answer to the close frame: both too late, if this
     * machine is so busy that their time is over. */
    static const char parting[] = "\x81\x84\0\0\0\0text\x88\x80\0\0\0\0";
    struct fixture *f = *state;
    int fds[20];
    ssize_t n;
    char byte;
    int late;

    for (size_t i = 0; i < N_ELEMENTS(fds); i++)
        fds[i] = open_socket(f);
    late = dial(f);
    ask(late, "later");
    for (size_t i = 0; i < N_ELEMENTS(fds) + 1; i++)
        sem_wait(&f->requested);
    ws_server_stop_accepting(f->server);
    ws_server_drain(f->server, 100);
    for (size_t i = 0; i < N_ELEMENTS(fds); i++) {
        assert_int_equal(read_close(fds[i]), WS_CODE_GOING_AWAY);
        (void)!send(fds[i], parting, sizeof parting - 1, MSG_NOSIGNAL);
        n = recv(fds[i], &byte, 1, 0);
        assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
        close(fds[i]);
    }
    assert_int_equal(read_answer(late), 503);
    close(late);
    for (size_t i = 0; i < N_ELEMENTS(fds) + 1; i++)
        sem_wait(&f->closed);
}

static void answers_what_was_read_before_it_goes_away(void **state)
{
    struct fixture *f = *state;
    CLEANUP(buffer_clear) struct buffer last = {0};
    struct ws_frame *answer = ws_frame_new(WS_TEXT, slice_of("answer"));
    int fd = open_socket(f);
    uint64_t id;

    sem_wait(&f->requested);
    id = f->ids[0];
    ws_server_drain(f->server, 0);
    ws_outbox_send(f->outbox, &id, 1, answer);
    ws_outbox_flush(f->outbox);
    ws_frame_free(answer);
    expect_text(fd, "answer");       /* it was told to send that after it was told to drain */
    say_frame(fd, 0x81, "too late"); /* the handler would send it back */
    assert_int_equal(read_frame(fd, &last), WS_CLOSE);
    assert_memory_equal(last.data, "\x03\xe9", 2); /* 1001 */
    close(fd);
}

static void sends_away_only_whom_it_is_told_to(void **state)
{
    struct fixture *f = *state;
    int stays = open_socket(f), goes;

    sem_wait(&f->requested);
    goes = open_socket(f);
    sem_wait(&f->requested);
    ws_outbox_leave(f->outbox, f->ids[1]);
    ws_outbox_flush(f->outbox);
    assert_int_equal(read_close(goes), WS_CODE_GOING_AWAY);
    say_frame(stays, 0x81, "still here");
    expect_text(stays, "still here");
    close(goes);
    close(stays);
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(answers_messages_and_pings),
        STORY(refuses_with_an_http_answer_and_ends),
        STORY(takes_frames_that_came_with_the_request),
        STORY(carries_out_what_other_threads_want_in_order),
        STORY(ends_when_both_have_said_so),
        STORY(names_the_violation_in_its_close_frame),
        STORY(cuts_off_a_slow_reader_and_nobody_else),
        STORY(writes_what_one_turn_brings_in_one_call),
        STORY(drains_with_1001),
        STORY(answers_what_was_read_before_it_goes_away),
        STORY(sends_away_only_whom_it_is_told_to),
    };

    return cmocka_run_group_tests_name("ws server", tests, NULL, NULL);
}
