/* The thread that waits for answers of other services, so that the router need not. */

#include <stdlib.h>

#include "log/log.h"
#include "push.h"

#define ASK_MS 2000
#define AGAIN_MS 300 /* a service that is away is usually back within a second or two */

static enum status find_groups(struct push_state *push, struct letter *question, struct error *err)
{
    const struct user_ids request = {.user_ids = question->ids};
    struct letter *answer = letter_new(LETTER_GROUPS);
    enum status s = rpc_call(push->message_rpc, RPC_MESSAGE_GROUPS, &user_ids_record, &request,
                             &users_groups_record, &answer->groups, ASK_MS, err);

    answer->epoch = question->epoch;
    if (s == STATUS_OK)
        mailbox_put_one(&push->to_router, answer);
    else
        letter_free(answer);
    return s;
}

static enum status check_sessions(struct push_state *push, struct letter *question,
                                  struct error *err)
{
    const struct session_ids request = {.session_ids = question->ids};
    struct letter *answer = letter_new(LETTER_SESSIONS_ENDED);
    enum status s = rpc_call(push->auth_rpc, RPC_AUTH_CHECK_SESSIONS, &session_ids_record, &request,
                             &session_ends_record, &answer->ends, ASK_MS, err);

    if (s == STATUS_OK)
        mailbox_put_one(&push->to_router, answer);
    else
        letter_free(answer);
    return s;
}

/* An answer for all of them may be too long for one message: ask for half as many each. */
static bool split(struct letters *questions, const struct letter *question, enum status s)
{
    size_t n = question->ids.n;

    if (s == STATUS_UNAVAILABLE || question->kind != LETTER_FIND_GROUPS || n < 2)
        return false;
    for (size_t half = 0; half < 2; half++) {
        struct letter *part = letter_new(LETTER_FIND_GROUPS);

        part->epoch = question->epoch;
        for (size_t i = half ? n / 2 : 0; i < (half ? n : n / 2); i++)
            strings_add(&part->ids, question->ids.items[i]);
        letters_add(questions, part);
    }
    return true;
}

/* Ask each question, and keep those that had no answer. After one failure of a kind the others of
 * that kind wait too: each would cost us ASK_MS. */
static void ask_all(struct push_state *push, struct letters *questions)
{
    struct letters kept = {0};
    struct letter *question;
    bool groups_away = false;
    bool auth_away = false;

    while ((question = letters_take(questions))) {
        bool is_groups = question->kind == LETTER_FIND_GROUPS;
        bool *away = is_groups ? &groups_away : &auth_away;
        struct error err;

        if (!*away) {
            enum status s = is_groups ? find_groups(push, question, &err)
                                      : check_sessions(push, question, &err);

            *away = s != STATUS_OK && !split(questions, question, s);
            if (*away)
                log_warn("no answer yet", LOG_TEXT("question", is_groups ? "groups" : "sessions"),
                         LOG_TEXT("reason", err.text));
        }
        if (*away)
            letters_add(&kept, question);
        else
            letter_free(question);
    }
    *questions = kept;
}

void lookups_run(void *state, struct service_context *context)
{
    struct push_state *push = state;
    struct letters questions = {0};

    (void)context;
    while (!atomic_load(&push->is_drained)) {
        mailbox_take(&push->to_lookups, questions.first ? AGAIN_MS : 500, &questions);
        ask_all(push, &questions);
    }
    letters_clear(&questions);
}
