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
#include "cache/cache.h"

/* ---- A Redis that says what it was told to say, and notes what it was asked */

static struct {
    int fd;
    char url[64];
    const char *replies; /* one to each command, with "|" between them; NULL: it is silent */
    pthread_t thread;
    char heard[2048];
    size_t length;
} redis;

/* Send the replies to the first n commands, except those sent before. */
static void reply_to(int fd, size_t n, size_t *sent)
{
    const char *reply = redis.replies;

    for (size_t i = 0; reply && i < n; i++) {
        size_t length = strcspn(reply, "|");

        if (i >= *sent)
            (void)!send(fd, reply, length, MSG_NOSIGNAL);
        reply = reply[length] ? reply + length + 1 : NULL;
    }
    *sent = n;
}

static size_t count_commands(void)
{
    size_t n = 0;

    for (const char *p = redis.heard; (p = strchr(p, '*')); p++)
        n++; /* no argument of ours has one */
    return n;
}

static void *serve_one(void *unused)
{
    int fd = accept(redis.fd, NULL, NULL);
    size_t sent = 0;
    ssize_t n;

    (void)unused;
    while (fd >= 0 && redis.length < sizeof redis.heard - 1 &&
           (n = recv(fd, redis.heard + redis.length, sizeof redis.heard - 1 - redis.length, 0)) >
               0) {
        redis.length += (size_t)n;
        reply_to(fd, count_commands(), &sent);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void listen_anywhere(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof any;

    redis.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(redis.fd, (struct sockaddr *)&any, length), 0);
    assert_int_equal(getsockname(redis.fd, (struct sockaddr *)&any, &length), 0);
    assert_int_equal(listen(redis.fd, 8), 0);
    (void)snprintf(redis.url, sizeof redis.url, "redis://:secret@127.0.0.1:%d/3",
                   ntohs(any.sin_port));
}

static struct cache *open_cache(const char *replies)
{
    struct cache *cache;

    memset(&redis, 0, sizeof redis);
    listen_anywhere();
    redis.replies = replies;
    pthread_create(&redis.thread, NULL, serve_one, NULL);
    assert_int_equal(cache_open(redis.url, &cache, NULL), STATUS_OK);
    return cache;
}

static void close_cache(struct cache *cache)
{
    cache_close(cache);
    shutdown(redis.fd, SHUT_RDWR);
    pthread_join(redis.thread, NULL);
    close(redis.fd);
}

/* ---- What it promises */

static void refuses_what_is_no_redis_url(void **state)
{
    static const char *const wrong[] = {
        "", "http://127.0.0.1", "redis://", "redis://user@host", "redis://h:0", "redis://h:99999",
    };
    struct cache *cache;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
        assert_int_equal(cache_open(wrong[i], &cache, NULL), STATUS_INVALID);
    assert_int_equal(cache_open("redis://user:a:b@host:1/2", &cache, NULL), STATUS_OK);
    cache_close(cache);
}

static void counts_in_a_fixed_window(void **state)
{
    struct cache *cache = open_cache("+OK\r\n|+OK\r\n|" /* AUTH, SELECT */
                                     "$-1\r\n|:4\r\n|:51\r\n");
    int64_t n, ttl;

    (void)state;
    assert_int_equal(cache_count(cache, "login:a b", 60, &n, &ttl, NULL), STATUS_OK);
    assert_int_equal(n, 4);
    assert_int_equal(ttl, 51);
    close_cache(cache);
    assert_non_null(strstr(redis.heard, "AUTH\r\n$6\r\nsecret"));
    assert_non_null(strstr(redis.heard, "SELECT\r\n$1\r\n3"));
    assert_non_null(
        strstr(redis.heard, "SET\r\n$9\r\nlogin:a b\r\n$1\r\n0\r\n$2\r\nEX\r\n$2\r\n60"));
    assert_non_null(strstr(redis.heard, "INCR\r\n$9\r\nlogin:a b"));
}

static void ends_a_window_that_slipped_between_two_commands(void **state)
{
    struct cache *cache = open_cache("+OK\r\n|+OK\r\n|$-1\r\n|:1\r\n|:-1\r\n|:1\r\n");
    int64_t n, ttl;

    (void)state;
    assert_int_equal(cache_count(cache, "k", 60, &n, &ttl, NULL), STATUS_OK);
    assert_int_equal(ttl, 60);
    close_cache(cache);
    assert_non_null(strstr(redis.heard, "EXPIRE\r\n$1\r\nk\r\n$2\r\n60"));
}

static void reads_a_count_that_may_be_absent(void **state)
{
    struct cache *cache = open_cache("+OK\r\n|+OK\r\n|$-1\r\n|:-2\r\n|$1\r\n5\r\n|:9\r\n");
    int64_t n, ttl;

    (void)state;
    assert_int_equal(cache_get_count(cache, "k", &n, &ttl, NULL), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ttl, 0);
    assert_int_equal(cache_get_count(cache, "k", &n, &ttl, NULL), STATUS_OK);
    assert_int_equal(n, 5);
    assert_int_equal(ttl, 9);
    close_cache(cache);
}

static void keeps_a_text_for_a_while_and_gives_it_away_once(void **state)
{
    struct cache *cache = open_cache("+OK\r\n|+OK\r\n|+OK\r\n|$5\r\na \"b\"\r\n|$-1\r\n");
    CLEANUP(free) char *text = NULL;
    struct error err;

    (void)state;
    assert_int_equal(cache_put(cache, "k", "a \"b\"", 600, NULL), STATUS_OK);
    assert_int_equal(cache_take(cache, "k", &text, NULL), STATUS_OK);
    assert_string_equal(text, "a \"b\"");
    assert_int_equal(cache_take(cache, "k", &text, &err), STATUS_NOT_FOUND);
    close_cache(cache);
    assert_non_null(
        strstr(redis.heard, "SET\r\n$1\r\nk\r\n$5\r\na \"b\"\r\n$2\r\nEX\r\n$3\r\n600"));
    assert_non_null(strstr(redis.heard, "GETDEL\r\n$1\r\nk"));
}

static void knows_the_online_by_a_fresh_time(void **state)
{
    CLEANUP(buffer_clear) struct buffer replies = {0};
    struct cache *cache;
    bool online;

    (void)state;
    buffer_printf(&replies,
                  "+OK\r\n|+OK\r\n|*0\r\n|*1\r\n$1\r\n7\r\n|*2\r\n$1\r\n7\r\n$13\r\n%lld\r\n",
                  (long long)clock_now());
    cache = open_cache(buffer_text(&replies));
    assert_int_equal(cache_is_online(cache, "user_1", &online, NULL), STATUS_OK);
    assert_false(online);
    assert_int_equal(cache_is_online(cache, "user_1", &online, NULL), STATUS_OK);
    assert_false(online); /* a dead node's entry */
    assert_int_equal(cache_is_online(cache, "user_1", &online, NULL), STATUS_OK);
    assert_true(online);
    close_cache(cache);
}

static void writes_presence_in_one_pipeline(void **state)
{
    const struct cache_online changes[] = {
        {"user_1", "sess_1", true},
        {"user_2", "sess_2", false},
    };
    struct cache *cache = open_cache("+OK\r\n|+OK\r\n|:1\r\n|:1\r\n|:1\r\n");

    (void)state;
    assert_int_equal(cache_set_online(cache, "push-1", changes, N_ELEMENTS(changes), NULL),
                     STATUS_OK);
    close_cache(cache);
    assert_non_null(strstr(redis.heard, "HSET\r\n$13\r\nonline:user_1\r\n$13\r\npush-1:sess_1"));
    assert_non_null(strstr(redis.heard, "EXPIRE\r\n$13\r\nonline:user_1\r\n$2\r\n90"));
    assert_non_null(strstr(redis.heard, "HDEL\r\n$13\r\nonline:user_2\r\n$13\r\npush-1:sess_2"));
}

static void fails_soon_and_then_at_once_while_redis_is_silent(void **state)
{
    struct cache *cache = open_cache(NULL);
    int64_t begin = clock_monotonic();
    int64_t n;

    (void)state;
    assert_int_equal(cache_get_count(cache, "k", &n, NULL, NULL), STATUS_UNAVAILABLE);
    assert_in_range(clock_monotonic() - begin, 190, 700);
    begin = clock_monotonic();
    for (int i = 0; i < 20; i++)
        assert_int_equal(cache_ping(cache, NULL), STATUS_UNAVAILABLE);
    assert_in_range(clock_monotonic() - begin, 0, 150);
    close_cache(cache);
}

static void says_what_redis_said(void **state)
{
    struct cache *cache = open_cache("-NOAUTH Authentication required.\r\n");
    struct error err;

    (void)state;
    assert_int_equal(cache_ping(cache, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "Redis: NOAUTH Authentication required.");
    close_cache(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_redis_url),
        cmocka_unit_test(counts_in_a_fixed_window),
        cmocka_unit_test(ends_a_window_that_slipped_between_two_commands),
        cmocka_unit_test(reads_a_count_that_may_be_absent),
        cmocka_unit_test(keeps_a_text_for_a_while_and_gives_it_away_once),
        cmocka_unit_test(knows_the_online_by_a_fresh_time),
        cmocka_unit_test(writes_presence_in_one_pipeline),
        cmocka_unit_test(fails_soon_and_then_at_once_while_redis_is_silent),
        cmocka_unit_test(says_what_redis_said),
    };

    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
