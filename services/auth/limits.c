#include "limits.h"

#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "token/token.h"

#define KEY_MAX 128

const struct limit limit_account_failures = {
    .name = "login",
    .most = 5,
    .window_s = 60,
    .told = "too many wrong passwords: wait a minute",
};

const struct limit limit_address_failures = {
    .name = "login-from",
    .most = 30,
    .window_s = 60,
    .by_address = true,
    .told = "too many wrong passwords from your address: wait a minute",
};

const struct limit limit_address_registrations = {
    .name = "register-from",
    .most = 20,
    .window_s = 3600,
    .by_address = true,
    .told = "too many accounts were made from your address: try again later",
};

/* Texts are hashed: of fixed length, whatever was typed. */
static void make_key(const struct call *call, const struct limit *limit, const char *key,
                     char ret[KEY_MAX])
{
    char address[ADDRESS_MAX];
    char hash[REFRESH_HASH_MAX];

    if (limit->by_address)
        address_network(call->address, address);
    else
        refresh_token_hash(key, hash);
    (void)snprintf(ret, KEY_MAX, "%s:%s", limit->name, limit->by_address ? address : hash);
}

static bool is_exempt(const struct service_context *context, const struct call *call,
                      const struct limit *limit)
{
    return limit->by_address &&
           address_is_listed(context->config->trusted_addresses, call->address);
}

static enum status judge(struct call *call, const struct limit *limit, int64_t allowed, int64_t n,
                         int64_t ttl_s, struct error *err)
{
    if (n <= allowed)
        return STATUS_OK;
    http_set_retry_after(call, ttl_s > 0 ? ttl_s : limit->window_s);
    return error_set(err, STATUS_TOO_FAST, "%s", limit->told);
}

enum status limit_check(const struct service_context *context, struct call *call,
                        const struct limit *limit, const char *key, struct error *err)
{
    char counter[KEY_MAX];
    int64_t n = 0;
    int64_t ttl_s = 0;
    enum status s;

    if (is_exempt(context, call, limit))
        return STATUS_OK;
    make_key(call, limit, key, counter);
    s = cache_get_count(context->cache, counter, &n, &ttl_s, err);
    return s == STATUS_OK ? judge(call, limit, limit->most - 1, n, ttl_s, err) : s;
}

enum status limit_count(const struct service_context *context, struct call *call,
                        const struct limit *limit, const char *key, struct error *err)
{
    char counter[KEY_MAX];
    int64_t n = 0;
    int64_t ttl_s = 0;
    enum status s;

    if (is_exempt(context, call, limit))
        return STATUS_OK;
    make_key(call, limit, key, counter);
    s = cache_count(context->cache, counter, limit->window_s, &n, &ttl_s, err);
    return s == STATUS_OK ? judge(call, limit, limit->most, n, ttl_s, err) : s;
}
