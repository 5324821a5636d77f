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
#include "cache/connection.h"
#include "cache/presence.h"
#include "cache/tally.h"

/* ---- A Redis that says what it was told to say, and notes what it was asked */

static struct {
    int fd;
    char url[64];
    const char *replies; /* one to each command, with "|" between them; NULL: it is silent */
    pthread_t thread;
    char heard[16384];
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
        n += p == redis.heard || p[-1] == '\n'; /* no argument of ours begins with one */
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

/* One that says nothing is given up as soon as a real one; one that answers is a thread of ours, which a
 * busy machine may let wait for longer than that. */
static struct cache *open_cache(const char *replies)
{
    struct cache *cache;

    memset(&redis, 0, sizeof redis);
    listen_anywhere();
    redis.replies = replies;
    pthread_create(&redis.thread, NULL, serve_one, NULL);
    assert_int_equal(cache_open(redis.url, &cache, NULL), STATUS_OK);
    if (replies)
        cache->patience_ms = 20000;
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

/* ---- Presence */

#define GREETING "+OK\r\n|+OK\r\n|" /* AUTH, SELECT */
#define LOADED "$1\r\na\r\n|$1\r\nb\r\n|$1\r\nc\r\n|$1\r\nd\r\n|$1\r\ne\r\n|"

static void knows_the_online_by_a_fresh_time(void **state)
{
    char user_1[] = "user_1", user_2[] = "user_2", user_3[] = "user_3";
    char *items[] = {user_1, user_2, user_3};
    const struct strings ids = {.items = items, .n = N_ELEMENTS(items)};
    struct cache_online online[N_ELEMENTS(items)];
    struct cache *cache = open_cache(GREETING "*2\r\n$10\r\n1700000100\r\n$6\r\n500000\r\n|"
                                              "*0\r\n|"
                                              "*2\r\n$8\r\nn1#a:s_1\r\n$13\r\n1700000055500\r\n|"
                                              "*6\r\n$8\r\nn1#a:s_1\r\n$13\r\n1700000055501\r\n"
                                              "$8\r\nn1#b:s_2\r\n$13\r\n1700000100400\r\n"
                                              "$8\r\nn2#c:s_3\r\n$13\r\n1700000090000\r\n");

    (void)state;
    assert_int_equal(cache_find_online(cache, &ids, online, NULL), STATUS_OK);
    assert_int_equal(online[0].seen_at, 0);
    assert_int_equal(online[1].seen_at, 0); /* a dead node's entry */
    assert_int_equal(online[1].nodes.n, 0);
    assert_int_equal(online[2].seen_at, 1700000100400);
    assert_int_equal(online[2].nodes.n, 2);
    assert_string_equal(online[2].nodes.items[0], "n1");
    assert_string_equal(online[2].nodes.items[1], "n2");
    cache_online_clear(online, ids.n);
    close_cache(cache);
}

static void says_who_turned_by_a_change(void **state)
{
    struct cache_session sessions[] = {
        {.user_id = "user_1", .session_id = "sess_1"},
        {.user_id = "user_2", .session_id = "sess_2"},
    };
    struct cache *cache = open_cache(GREETING LOADED ":1\r\n|:0\r\n");

    (void)state;
    assert_int_equal(cache_come(cache, "n1#a", sessions, N_ELEMENTS(sessions), NULL), STATUS_OK);
    assert_true(sessions[0].has_turned);
    assert_false(sessions[1].has_turned);
    close_cache(cache);
    assert_non_null(strstr(redis.heard,
                           "EVALSHA\r\n$1\r\na\r\n$1\r\n3\r\n$13\r\nonline:user_1\r\n"
                           "$18\r\nim:node:n1#a:users\r\n$9\r\nim:online\r\n$4\r\nn1#a\r\n"
                           "$6\r\nsess_1\r\n$4\r\ncome\r\n$5\r\n45000\r\n"));
}

static void counts_who_is_online_by_one_set(void **state)
{
    struct cache *cache = open_cache(GREETING LOADED ":70312\r\n");
    int64_t n = 0;

    (void)state;
    assert_int_equal(cache_count_online(cache, &n, NULL), STATUS_OK);
    assert_int_equal(n, 70312);
    close_cache(cache);
    assert_non_null(strstr(redis.heard, "e\r\n$1\r\n1\r\n$9\r\nim:online\r\n$5\r\n45000"));
}

static void tallies_what_happened_lately(void **state)
{
    struct cache *cache = open_cache(GREETING ":1\r\n|:812\r\n");
    int64_t n = 0;

    (void)state;
    assert_int_equal(cache_tally(cache, "messages", 40, NULL), STATUS_OK);
    assert_int_equal(cache_get_tally(cache, "messages", &n, NULL), STATUS_OK);
    assert_int_equal(n, 812);
    close_cache(cache);
    assert_non_null(strstr(redis.heard, "im:tally:messages\r\n$2\r\n40\r\n$2\r\n30"));
}

static void gives_each_run_of_a_node_a_life_of_its_own(void **state)
{
    char first[CACHE_LIFE_MAX], second[CACHE_LIFE_MAX], longest[CACHE_LIFE_MAX], name[300];

    (void)state;
    cache_life_new("push-1", first);
    cache_life_new("push-1", second);
    assert_memory_equal(first, "push-1#", 7);
    assert_string_not_equal(first, second);
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    cache_life_new(name, longest);
    assert_non_null(strchr(longest, '#'));
}

static void fails_soon_and_then_at_once_while_redis_is_silent(void **state)
{
    struct cache *cache = open_cache(NULL);
    int64_t begin = clock_monotonic();
    struct error err;
    int64_t n;

    (void)state;
    assert_int_equal(cache_get_count(cache, "k", &n, NULL, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "Redis: no answer in time");
    assert_in_range(clock_monotonic() - begin, 1990, 20000); /* busy machines */
    begin = clock_monotonic();
    for (int i = 0; i < 100; i++) /* 200 s, if each waited */
        assert_int_equal(cache_ping(cache, NULL), STATUS_UNAVAILABLE);
    assert_in_range(clock_monotonic() - begin, 0, 5000);
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
        cmocka_unit_test(says_who_turned_by_a_change),
        cmocka_unit_test(counts_who_is_online_by_one_set),
        cmocka_unit_test(tallies_what_happened_lately),
        cmocka_unit_test(gives_each_run_of_a_node_a_life_of_its_own),
        cmocka_unit_test(fails_soon_and_then_at_once_while_redis_is_silent),
        cmocka_unit_test(says_what_redis_said),
    };

    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
