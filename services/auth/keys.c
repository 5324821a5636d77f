/* The public keys, for our own services and for everybody else. */

#include <string.h>

#include "auth.h"
#include "base/memory.h"

enum status handle_keys(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    struct keys *keys = reply;

    (void)request, (void)err;
    keys->jwks = memory_text(auth->jwks);
    return STATUS_OK;
}

enum status handle_jwks(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct auth_state *auth = state;

    (void)call, (void)request;
    return record_from_json(&auth_jwks_record, auth->jwks, strlen(auth->jwks), reply, err);
}
