/* Avatars that are files of ours: message keeps them for us, and asks which one is still shown. */

#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "user.h"

#define FILES_PATH "/api/files/"
#define MESSAGE_TIMEOUT_MS 2000

static bool is_file(const char *avatar)
{
    return avatar && strncmp(avatar, FILES_PATH, strlen(FILES_PATH)) == 0;
}

/* NULL: the picture lies elsewhere, or there is none. */
static const char *find_file_id(const char *avatar)
{
    const char *file_id = is_file(avatar) ? avatar + strlen(FILES_PATH) : "";

    return *file_id && strlen(file_id) < ID_MAX ? file_id : NULL;
}

/* Before the profile names it: message holds a picture for some minutes, and then asks us. */
enum status avatar_keep(struct user_state *user, const struct user_own *profile, const char *avatar,
                        struct error *err)
{
    const struct user_avatar wanted = {.user_id = profile->user_id,
                                       .file_id = (char *)find_file_id(avatar)};
    struct nothing nothing = {0};
    enum status s;

    if (!wanted.file_id && is_file(avatar))
        return error_field(err, STATUS_INVALID, "avatar", "field 'avatar' names no file");
    if (!wanted.file_id && !is_file(profile->avatar))
        return STATUS_OK;
    s = rpc_call(user->message, RPC_MESSAGE_AVATAR, &user_avatar_record, &wanted, &nothing_record,
                 &nothing, MESSAGE_TIMEOUT_MS, err);
    record_clear(&nothing_record, &nothing);
    return s;
}

enum status handle_avatar(void *state, const void *request, void *reply, struct error *err)
{
    const struct account_query *query = request;
    struct user_avatar *ret = reply;
    CLEANUP(user_own_clear) struct user_own profile = {0};
    enum status s = profile_find_living(state, query->user_id, &profile, err);
    const char *file_id = find_file_id(profile.avatar);

    ret->user_id = memory_text(query->user_id);
    if (s == STATUS_OK && file_id)
        ret->file_id = memory_text(file_id);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s; /* who has left shows none */
}
