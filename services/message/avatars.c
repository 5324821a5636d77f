/* RPC_MESSAGE_AVATAR: pictures that people show of themselves. Whoever is logged in sees them, and
 * they stay without a message that holds them. */

#include <string.h>

#include "base/clock.h"
#include "files.h"

#define USER_TIMEOUT_MS 2000

/* All of his are looked at again by the sweeper, which asks user which one is shown: the one before
 * goes then, as does this one if user dies before it has written it down. */
enum status handle_avatar(void *state, const void *request, void *reply, struct error *err)
{
    struct message_state *message = state;
    const struct user_avatar *avatar = request;
    int64_t look_at = clock_now() + FILE_LEFT_MS;
    int64_t n = 0;
    enum status s =
        store_update(message->store, FILES, STORE_MANY, NULL, err,
                     "[{'avatar_of': %s}, {'$set': {'sweep_at': %ld}}]", avatar->user_id, look_at);

    (void)reply;
    if (s != STATUS_OK || !avatar->file_id)
        return s;
    s = store_update(message->store, FILES, 0, &n, err,
                     "[{'_id': %s, 'user_id': %s, 'file_type': 'image'}, "
                     "{'$set': {'avatar_of': %s, 'sweep_at': %ld}}]",
                     avatar->file_id, avatar->user_id, avatar->user_id, look_at);
    if (s == STATUS_OK && n == 0)
        return error_field(err, STATUS_INVALID, "avatar",
                           "field 'avatar' must be a picture that you have uploaded");
    return s;
}

enum status avatar_is_shown(struct message_state *message, const char *user_id, const char *file_id,
                            bool *ret, struct error *err)
{
    const struct account_query query = {.user_id = (char *)user_id};
    struct user_avatar avatar = {0};
    enum status s = rpc_call(message->user_rpc, RPC_USER_AVATAR, &account_query_record, &query,
                             &user_avatar_record, &avatar, USER_TIMEOUT_MS, err);

    *ret = s == STATUS_OK && avatar.file_id && strcmp(avatar.file_id, file_id) == 0;
    record_clear(&user_avatar_record, &avatar);
    return s;
}
