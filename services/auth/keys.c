/* The public keys, for our own services and for everybody else, and their rotation. */

#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"

#define LOOK_S 2 /* how often at the file: a fraction of AUTH_KEY_LEAD_SECONDS */

enum status handle_keys(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    struct keys *keys = reply;

    (void)request, (void)err;
    keys->jwks = token_signer_jwks(auth->signer);
    return STATUS_OK;
}

enum status handle_jwks(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct auth_state *auth = state;
    CLEANUP(free) char *jwks = token_signer_jwks(auth->signer);

    (void)call, (void)request;
    return record_from_json(&auth_jwks_record, jwks, strlen(jwks), reply, err);
}

/* ---- The worker */

/* Everybody fetches the keys. False: to be said again. */
static bool announce(struct auth_state *auth)
{
    if (!ask_is_connected(auth->context->ask))
        return false;
    return ask_publish_event(auth->context->ask, EVENT_KEYS, "{}", NULL) == STATUS_OK;
}

/* Have the keys changed? A fault is logged once for each version of it. */
static bool look(struct auth_state *auth, struct error *last)
{
    struct error err = {0};
    bool changed;
    enum status s = token_signer_reload(auth->signer, &changed, &err);

    if (s != STATUS_OK && strcmp(err.text, last->text) != 0)
        log_error("key file not read: the keys of before stay", LOG_TEXT("reason", err.text));
    *last = err;
    if (changed)
        log_info("keys changed");
    return changed;
}

void keys_run(void *state, struct service_context *context)
{
    struct auth_state *auth = state;
    struct error last = {0};
    bool announced = false; /* they may have changed while nobody ran */

    while (!context->stopping) {
        for (int i = 0; i < LOOK_S && !context->stopping; i++)
            nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        if (look(auth, &last))
            announced = false;
        if (!announced)
            announced = announce(auth);
    }
}

/* ---- The command */

static int rotate(void)
{
    CLEANUP(buffer_clear) struct buffer faults = {0};
    struct auth_config config = {0};
    struct error err = {0};
    enum status s = record_from_env(&auth_config_record, &config, &faults);

    if (s != STATUS_OK) {
        (void)fputs(buffer_text(&faults), stderr);
        return 2;
    }
    s = token_rotate_keys(config.auth_key_file, config.auth_key_lead_seconds * 1000, clock_now(),
                          &err);
    record_clear(&auth_config_record, &config);
    if (s == STATUS_OK)
        return 0;
    (void)fputs(err.text, stderr);
    (void)fputs("\n", stderr);
    return 1;
}

bool keys_command(int argc, char **argv, int *ret)
{
    if (argc != 2 || strcmp(argv[1], "--rotate-keys") != 0)
        return false;
    *ret = rotate();
    return true;
}
