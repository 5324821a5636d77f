#include "cache/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "connection.h"

/* Of a dead life's users: a day for somebody to sweep it. */
#define SET_SECONDS 86400

#define ONLINE "im:online"

/* ---- Scripts: each is one step that cannot be seen half done */

enum script { SCRIPT_SESSION, SCRIPT_LIFE, SCRIPT_DEAD, SCRIPT_FORGET, SCRIPT_ONLINE };

/* Redis sends a script's effects to its copies, not the script, so asking for the time is fine. */
#define NOW \
    "local t = redis.call('TIME') " \
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
#define IS_DEAD "(tonumber(redis.call('ZSCORE', 'im:nodes', ARGV[1]) or 0) + keep <= now) "

static const char *const scripts[CACHE_SCRIPTS] = {
    /* online:{user}, the life's users, all who are online; life, session ("": all, because the life
     * is dead), come or go, keep, user. Answers whether the user has turned; a sweep answers whether
     * he is gone. */
    [SCRIPT_SESSION] = NOW "local life, session, keep = ARGV[1] .. ':', ARGV[2], tonumber(ARGV[4]) "
                           "if session == '' and not " IS_DEAD "then return 0 end "
                           "local field, all = life .. session, redis.call('HGETALL', KEYS[1]) "
                           "local is_on, is_here = false, false "
                           "for i = 1, #all, 2 do "
                           "  local is_ours = string.sub(all[i], 1, #life) == life "
                           "  if all[i + 1] + keep <= now or (session == '' and is_ours) then "
                           "    redis.call('HDEL', KEYS[1], all[i]) "
                           "  elseif ARGV[3] == 'come' or all[i] ~= field then "
                           "    is_on = true "
                           "    is_here = is_here or is_ours "
                           "  end "
                           "end "
                           "if ARGV[3] == 'come' then "
                           "  redis.call('HSET', KEYS[1], field, string.format('%d', now)) "
                           "  redis.call('PEXPIRE', KEYS[1], keep) "
                           "  redis.call('SADD', KEYS[2], ARGV[5]) "
                           "  redis.call('ZADD', KEYS[3], now, ARGV[5]) "
                           "elseif session ~= '' then "
                           "  redis.call('HDEL', KEYS[1], field) "
                           "  if not is_here then redis.call('SREM', KEYS[2], ARGV[5]) end "
                           "end "
                           "if ARGV[3] ~= 'come' and not is_on then "
                           "  redis.call('ZREM', KEYS[3], ARGV[5]) "
                           "end "
                           "return is_on and 0 or 1",
    /* life, address, sockets, keep, seconds. Answers whether it was swept. */
    [SCRIPT_LIFE] =
        NOW "redis.call('ZADD', 'im:nodes', now, ARGV[1]) "
            "local key = 'im:node:' .. ARGV[1] "
            "redis.call('HSET', key, 'address', ARGV[2], 'sockets', ARGV[3], 'seen_at', "
            "string.format('%d', now)) "
            "redis.call('PEXPIRE', key, ARGV[4]) "
            "redis.call('EXPIRE', key .. ':users', ARGV[5]) "
            "return redis.call('DEL', key .. ':swept')",
    /* keep, seconds. */
    [SCRIPT_DEAD] =
        NOW "local dead = redis.call('ZRANGEBYSCORE', 'im:nodes', '-inf', now - ARGV[1]) "
            "for i = 1, #dead do "
            "  redis.call('SET', 'im:node:' .. dead[i] .. ':swept', 1, 'EX', ARGV[2]) "
            "end "
            "return dead",
    /* life, keep, users. Answers whether it is still dead. */
    [SCRIPT_FORGET] =
        NOW "local keep = tonumber(ARGV[2]) "
            "local key = 'im:node:' .. ARGV[1] "
            "if not " IS_DEAD "then return 0 end "
            "if #ARGV > 2 then redis.call('SREM', key .. ':users', unpack(ARGV, 3)) end "
            "if redis.call('EXISTS', key .. ':users') == 0 then "
            "  redis.call('DEL', key) "
            "  redis.call('ZREM', 'im:nodes', ARGV[1]) "
            "end "
            "return 1",
    /* all who are online; keep. Whom nobody took out (his node died, and with it all that could
     * sweep) goes here. */
    [SCRIPT_ONLINE] = NOW "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1]) "
                          "return redis.call('ZCARD', KEYS[1])",
};

/* With the lock held. */
static enum status load_scripts(struct cache *cache, struct error *err)
{
    if (cache->has_scripts)
        return STATUS_OK;
    for (int i = 0; i < CACHE_SCRIPTS; i++)
        (void)redisAppendCommand(cache->context, "SCRIPT LOAD %s", scripts[i]);
    for (int i = 0; i < CACHE_SCRIPTS; i++) {
        redisReply *reply;
        enum status s = cache_read(cache, &reply, err);

        if (s != STATUS_OK)
            return s;
        if (reply->type == REDIS_REPLY_STRING)
            (void)snprintf(cache->digests[i], sizeof cache->digests[i], "%s", reply->str);
        freeReplyObject(reply);
    }
    cache->has_scripts = true;
    return STATUS_OK;
}

static enum status lock_with_scripts(struct cache *cache, struct error *err)
{
    enum status s = cache_lock(cache, err);

    return s == STATUS_OK ? load_scripts(cache, err) : s;
}

/* ---- Sessions */

void cache_life_new(const char *node, char ret[CACHE_LIFE_MAX])
{
    char id[ID_MAX];

    id_new("", id);
    (void)snprintf(ret, CACHE_LIFE_MAX, "%.*s#%s", CACHE_LIFE_MAX - ID_MAX - 1, node, id);
}

static void append_session(struct cache *cache, const char *life, const char *user_id,
                           const char *session_id, const char *what)
{
    (void)redisAppendCommand(cache->context,
                             "EVALSHA %s 3 online:%s im:node:%s:users " ONLINE " %s %s %s %d %s",
                             cache->digests[SCRIPT_SESSION], user_id, life, life, session_id, what,
                             CACHE_ONLINE_MS, user_id);
}

static enum status change(struct cache *cache, const char *life, const char *what,
                          struct cache_session *sessions, size_t n, struct error *err)
{
    enum status s = lock_with_scripts(cache, err);

    for (size_t done = 0; s == STATUS_OK && done < n;) {
        size_t batch = n - done < CACHE_PIPELINE_MAX ? n - done : CACHE_PIPELINE_MAX;
        int64_t turned[CACHE_PIPELINE_MAX];

        for (size_t i = 0; i < batch; i++)
            append_session(cache, life, sessions[done + i].user_id, sessions[done + i].session_id,
                           what);
        s = cache_read_numbers(cache, batch, turned, err);
        for (size_t i = 0; s == STATUS_OK && i < batch; i++)
            sessions[done + i].has_turned = turned[i] != 0;
        done += batch;
    }
    cache_unlock(cache);
    return s;
}

enum status cache_come(struct cache *cache, const char *life, struct cache_session *sessions,
                       size_t n, struct error *err)
{
    return change(cache, life, "come", sessions, n, err);
}

enum status cache_go(struct cache *cache, const char *life, struct cache_session *sessions,
                     size_t n, struct error *err)
{
    return change(cache, life, "go", sessions, n, err);
}

/* ---- Lives */

enum status cache_set_life(struct cache *cache, const char *life, const char *address,
                           int64_t sockets, bool *ret_was_swept, struct error *err)
{
    int64_t was_swept = 0;
    enum status s = lock_with_scripts(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "EVALSHA %s 0 %s %s %lld %d %d",
                                 cache->digests[SCRIPT_LIFE], life, address, (long long)sockets,
                                 CACHE_ONLINE_MS, SET_SECONDS);
        s = cache_read_numbers(cache, 1, &was_swept, err);
    }
    cache_unlock(cache);
    if (s == STATUS_OK)
        *ret_was_swept = was_swept != 0;
    return s;
}

enum status cache_end_life(struct cache *cache, const char *life, int64_t grace_ms,
                           struct error *err)
{
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) { /* XX: where Redis was emptied there is nothing to clean up */
        (void)redisAppendCommand(cache->context, "ZADD im:nodes XX INCR %lld %s",
                                 (long long)(grace_ms - CACHE_ONLINE_MS), life);
        (void)redisAppendCommand(cache->context, "DEL im:node:%s", life);
        s = cache_read_numbers(cache, 2, NULL, err);
    }
    cache_unlock(cache);
    return s;
}

/* ---- The dead */

static void add_texts(const redisReply *reply, struct strings *ret)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING)
            strings_add(ret, reply->element[i]->str);
}

enum status cache_find_dead(struct cache *cache, struct strings *ret, struct error *err)
{
    redisReply *reply = NULL;
    enum status s = lock_with_scripts(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "EVALSHA %s 0 %d %d", cache->digests[SCRIPT_DEAD],
                                 CACHE_ONLINE_MS, SET_SECONDS);
        s = cache_read(cache, &reply, err);
    }
    cache_unlock(cache);
    if (s != STATUS_OK)
        return s;
    add_texts(reply, ret);
    freeReplyObject(reply);
    return STATUS_OK;
}

/* With the lock held: run the script for users from the i-th on; those who are gone go to ret. */
static enum status sweep_users(struct cache *cache, const char *life, const struct strings *users,
                               size_t i, struct strings *ret, struct error *err)
{
    int64_t gone[CACHE_PIPELINE_MAX];
    size_t n = users->n - i;
    enum status s;

    for (size_t k = 0; k < n; k++)
        append_session(cache, life, users->items[i + k], "", "go");
    s = cache_read_numbers(cache, n, gone, err);
    for (size_t k = 0; s == STATUS_OK && k < n; k++)
        if (gone[k])
            strings_add(ret, users->items[i + k]);
    return s;
}

enum status cache_sweep(struct cache *cache, const char *life, struct strings *ret_users,
                        struct strings *ret_gone, struct error *err)
{
    size_t before = ret_users->n;
    redisReply *reply;
    enum status s = lock_with_scripts(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "SRANDMEMBER im:node:%s:users %d", life,
                                 CACHE_PIPELINE_MAX);
        s = cache_read(cache, &reply, err);
    }
    if (s == STATUS_OK) {
        add_texts(reply, ret_users);
        freeReplyObject(reply);
        s = sweep_users(cache, life, ret_users, before, ret_gone, err);
    }
    cache_unlock(cache);
    return s;
}

enum status cache_swept(struct cache *cache, const char *life, const struct strings *users,
                        bool *ret_is_dead, struct error *err)
{
    CLEANUP(free) const char **words = memory_grow(NULL, users->n + 5, sizeof *words);
    char keep[16];
    int64_t is_dead = 0;
    enum status s = lock_with_scripts(cache, err);

    if (s == STATUS_OK) {
        (void)snprintf(keep, sizeof keep, "%d", CACHE_ONLINE_MS);
        words[0] = "EVALSHA";
        words[1] = cache->digests[SCRIPT_FORGET];
        words[2] = "0";
        words[3] = life;
        words[4] = keep;
        for (size_t i = 0; i < users->n; i++)
            words[5 + i] = users->items[i];
        (void)redisAppendCommandArgv(cache->context, (int)users->n + 5, words, NULL);
        s = cache_read_numbers(cache, 1, &is_dead, err);
    }
    cache_unlock(cache);
    if (s == STATUS_OK)
        *ret_is_dead = is_dead != 0;
    return s;
}

/* ---- Looking */

static void add_node(struct cache_online *online, const char *field)
{
    const char *mark = strrchr(field, '#'); /* before it, a node's name may have some */
    CLEANUP(free) char *node = mark ? memory_text_n(field, (size_t)(mark - field)) : NULL;

    for (size_t i = 0; node && i < online->nodes.n; i++)
        if (strcmp(online->nodes.items[i], node) == 0)
            return;
    if (node)
        strings_add(&online->nodes, node);
}

/* A dead life's fields are known by their age. */
static void read_online(const redisReply *hash, int64_t now, struct cache_online *ret)
{
    for (size_t i = 0; hash->type == REDIS_REPLY_ARRAY && i + 1 < hash->elements; i += 2) {
        int64_t at = strtoll(hash->element[i + 1]->str, NULL, 10);

        if (at + CACHE_ONLINE_MS <= now)
            continue;
        if (at > ret->seen_at)
            ret->seen_at = at;
        add_node(ret, hash->element[i]->str);
    }
}

/* With the lock held: about n users, CACHE_PIPELINE_MAX at most. */
static enum status find_some(struct cache *cache, char *const *user_ids, size_t n,
                             struct cache_online *ret, struct error *err)
{
    redisReply *reply;
    int64_t now = 0;
    enum status s;

    (void)redisAppendCommand(cache->context, "TIME");
    for (size_t i = 0; i < n; i++)
        (void)redisAppendCommand(cache->context, "HGETALL online:%s", user_ids[i]);
    s = cache_read(cache, &reply, err);
    if (s == STATUS_OK) {
        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
            now = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
                  strtoll(reply->element[1]->str, NULL, 10) / 1000;
        freeReplyObject(reply);
    }
    for (size_t i = 0; i < n && s == STATUS_OK; i++) {
        s = cache_read(cache, &reply, err);
        if (s != STATUS_OK)
            break;
        read_online(reply, now, &ret[i]);
        freeReplyObject(reply);
    }
    return s;
}

enum status cache_find_online(struct cache *cache, const struct strings *user_ids,
                              struct cache_online *ret, struct error *err)
{
    enum status s = STATUS_OK;

    memset(ret, 0, user_ids->n * sizeof *ret);
    for (size_t done = 0; s == STATUS_OK && done < user_ids->n;) {
        size_t left = user_ids->n - done;
        size_t n = left < CACHE_PIPELINE_MAX ? left : CACHE_PIPELINE_MAX;

        s = cache_lock(cache, err); /* others may have a turn in between */
        if (s == STATUS_OK)
            s = find_some(cache, &user_ids->items[done], n, &ret[done], err);
        cache_unlock(cache);
        done += n;
    }
    if (s != STATUS_OK)
        cache_online_clear(ret, user_ids->n);
    return s;
}

void cache_online_clear(struct cache_online *online, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strings_clear(&online[i].nodes);
        online[i].seen_at = 0;
    }
}

enum status cache_count_online(struct cache *cache, int64_t *ret, struct error *err)
{
    enum status s = lock_with_scripts(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "EVALSHA %s 1 " ONLINE " %d",
                                 cache->digests[SCRIPT_ONLINE], CACHE_ONLINE_MS);
        s = cache_read_numbers(cache, 1, ret, err);
    }
    cache_unlock(cache);
    return s;
}
