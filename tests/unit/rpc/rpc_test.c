#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "rpc/rpc.h"

struct text {
    char *text;
};
static const struct field text_fields[] = {
    FIELD(struct text, text, .required = true, .max = 2 * RPC_MESSAGE_MAX),
};
static const struct record text_record = RECORD("test.text", struct text, text_fields);

static struct {
    char address[32];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting; /* in handle_wait() */
    bool leave;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static enum status handle_echo(void *state, const void *request, void *reply, struct error *err)
{
    const struct text *asked = request;
    struct text *said = reply;

    (void)state;
    (void)err;
    said->text = memory_text(asked->text);
    return STATUS_OK;
}

static enum status handle_double(void *state, const void *request, void *reply, struct error *err)
{
    const struct text *asked = request;
    struct text *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)err;
    buffer_printf(&text, "%s%s", asked->text, asked->text);
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_refuse(void *state, const void *request, void *reply, struct error *err)
{
    (void)state;
    (void)request;
    (void)reply;
    return error_field(err, STATUS_NAME_TAKEN, "name.first", "that name\nis taken");
}

static enum status handle_wait(void *state, const void *request, void *reply, struct error *err)
{
    pthread_mutex_lock(&shared.lock);
    shared.waiting++;
    pthread_cond_broadcast(&shared.changed);
    while (!shared.leave)
        pthread_cond_wait(&shared.changed, &shared.lock);
    pthread_mutex_unlock(&shared.lock);
    return handle_echo(state, request, reply, err);
}

static const struct rpc_method methods[] = {
    {"test.echo", &text_record, &text_record, handle_echo},
    {"test.double", &text_record, &text_record, handle_double},
    {"test.refuse", &text_record, &text_record, handle_refuse},
    {"test.wait", &text_record, &text_record, handle_wait},
};

/* A port that was free a moment ago. */
static void choose_address(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    (void)snprintf(shared.address, sizeof shared.address, "127.0.0.1:%d", ntohs(address.sin_port));
}

static struct rpc_server *open_server(void)
{
    struct rpc_server *server;
    struct error err;

    if (rpc_server_open(shared.address, methods, N_ELEMENTS(methods), NULL, &server, &err) !=
        STATUS_OK)
        fail_msg("%s", err.text);
    return server;
}

static struct rpc_client *open_client(void)
{
    struct rpc_client *client;

    assert_int_equal(rpc_client_open(shared.address, &client, NULL), STATUS_OK);
    return client;
}

static enum status call(struct rpc_client *client, const char *method, const char *text,
                        struct text *ret, int timeout_ms, struct error *err)
{
    struct text request = {.text = (char *)text};

    return rpc_call(client, method, &text_record, &request, &text_record, ret, timeout_ms, err);
}

static void check_echo(struct rpc_client *client, const char *text, int timeout_ms)
{
    struct text reply;
    struct error err;

    if (call(client, "test.echo", text, &reply, timeout_ms, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_string_equal(reply.text, text);
    record_clear(&text_record, &reply);
}

static void answers_a_question(void **state)
{
    struct rpc_server *server = open_server();
    struct rpc_client *client = open_client();

    (void)state;
    check_echo(client, "hello", 1000);
    check_echo(client, "", 1000);
    rpc_client_close(client);
    rpc_server_close(server);
}

static void brings_errors_back_as_they_were(void **state)
{
    struct rpc_server *server = open_server();
    struct rpc_client *client = open_client();
    struct text reply = {.text = (char *)"untouched"};
    struct error err;

    (void)state;
    assert_int_equal(call(client, "test.refuse", "x", &reply, 1000, &err), STATUS_NAME_TAKEN);
    assert_int_equal(err.status, STATUS_NAME_TAKEN);
    assert_string_equal(err.text, "that name\nis taken");
    assert_string_equal(err.field, "name.first");
    assert_null(reply.text);
    assert_int_equal(call(client, "test.unknown", "x", &reply, 1000, &err), STATUS_INTERNAL);
    assert_int_equal(call(client, "test.echo", NULL, &reply, 1000, &err), STATUS_INVALID);
    assert_string_equal(err.field, "text");
    rpc_client_close(client);
    rpc_server_close(server);
}

static void answers_within_its_time_when_nobody_is_there(void **state)
{
    struct rpc_client *client = open_client();
    struct text reply;
    struct error err;
    int64_t before = clock_monotonic();

    (void)state;
    assert_int_equal(call(client, "test.echo", "x", &reply, 100, &err), STATUS_UNAVAILABLE);
    assert_null(reply.text);
    assert_in_range(clock_monotonic() - before, 90, 1000);
    rpc_client_close(client);
}

static void finds_a_peer_that_comes_later_or_again(void **state)
{
    struct rpc_client *client = open_client();
    struct rpc_server *server;
    struct text reply;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(client, "test.echo", "x", &reply, 50, NULL), STATUS_UNAVAILABLE);
        server = open_server();
        check_echo(client, "again", 1000);
        rpc_server_close(server);
    }
    rpc_client_close(client);
}

struct asker {
    pthread_t thread;
    struct rpc_client *client;
    int number;
};

static void *ask_often(void *context)
{
    struct asker *asker = context;
    char text[32];

    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof text, "%d-%d", asker->number, i);
        check_echo(asker->client, text, 5000);
    }
    return NULL;
}

static void gives_each_of_many_threads_its_own_answer(void **state)
{
    struct rpc_server *server = open_server();
    struct rpc_client *client = open_client();
    struct asker askers[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        askers[i] = (struct asker){.client = client, .number = i};
        pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(askers[i].thread, NULL);
    rpc_client_close(client);
    rpc_server_close(server);
}

static void *ask_wait(void *client)
{
    struct text reply;
    enum status s = call(client, "test.wait", "in hand", &reply, 5000, NULL);

    record_clear(&text_record, &reply);
    return s == STATUS_OK ? client : NULL;
}

static void *close_server(void *server)
{
    rpc_server_close(server);
    return NULL;
}

static void answers_what_is_in_hand_before_it_closes(void **state)
{
    struct rpc_server *server = open_server();
    struct rpc_client *client = open_client();
    pthread_t asking, closing;
    void *answered;

    (void)state;
    shared.waiting = 0;
    shared.leave = false;
    pthread_create(&asking, NULL, ask_wait, client);
    pthread_mutex_lock(&shared.lock);
    while (shared.waiting == 0)
        pthread_cond_wait(&shared.changed, &shared.lock);
    pthread_mutex_unlock(&shared.lock);
    pthread_create(&closing, NULL, close_server, server);
    pthread_mutex_lock(&shared.lock);
    shared.leave = true;
    pthread_cond_broadcast(&shared.changed);
    pthread_mutex_unlock(&shared.lock);
    pthread_join(closing, NULL);
    pthread_join(asking, &answered);
    assert_non_null(answered);
    rpc_client_close(client);
}

static void refuses_what_is_too_long(void **state)
{
    struct rpc_server *server = open_server();
    struct rpc_client *client = open_client();
    CLEANUP(free) char *text = memory_new(RPC_MESSAGE_MAX + 1);
    struct text reply;
    struct error err;

    (void)state;
    memset(text, 'x', RPC_MESSAGE_MAX);
    assert_int_equal(call(client, "test.echo", text, &reply, 1000, &err), STATUS_INTERNAL);
    assert_non_null(strstr(err.text, "too long"));
    assert_int_equal(
        call(client, "test.double", text + RPC_MESSAGE_MAX / 4 + 9000, &reply, 5000, &err),
        STATUS_INTERNAL);
    assert_non_null(strstr(err.text, "too long"));
    text[RPC_MESSAGE_MAX - 9000] = '\0';
    check_echo(client, text, 5000);
    rpc_client_close(client);
    rpc_server_close(server);
}

static void says_why_it_cannot_listen(void **state)
{
    struct rpc_server *server = open_server();
    struct rpc_server *second;
    struct error err;

    (void)state;
    assert_int_equal(rpc_server_open(shared.address, methods, 1, NULL, &second, &err),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.text, "Address in use"));
    rpc_server_close(server);
}

static void *ask_until_told(void *context)
{
    struct asker *asker = context;
    struct text reply;

    while (call(asker->client, "test.echo", "x", &reply, 200, NULL) == STATUS_OK)
        record_clear(&text_record, &reply);
    return NULL;
}

static void closes_under_load(void **state)
{
    struct asker askers[4];

    (void)state;
    for (int round = 0; round < 5; round++) {
        struct rpc_server *server = open_server();
        struct rpc_client *client = open_client();

        check_echo(client, "x", 1000);
        for (int i = 0; i < 4; i++) {
            askers[i] = (struct asker){.client = client};
            pthread_create(&askers[i].thread, NULL, ask_until_told, &askers[i]);
        }
        check_echo(client, "x", 1000);
        rpc_server_close(server);
        for (int i = 0; i < 4; i++)
            pthread_join(askers[i].thread, NULL);
        rpc_client_close(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_question),
        cmocka_unit_test(brings_errors_back_as_they_were),
        cmocka_unit_test(answers_within_its_time_when_nobody_is_there),
        cmocka_unit_test(finds_a_peer_that_comes_later_or_again),
        cmocka_unit_test(gives_each_of_many_threads_its_own_answer),
        cmocka_unit_test(answers_what_is_in_hand_before_it_closes),
        cmocka_unit_test(refuses_what_is_too_long),
        cmocka_unit_test(says_why_it_cannot_listen),
        cmocka_unit_test(closes_under_load),
    };

    choose_address();
    return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
