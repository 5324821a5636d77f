#include "push.h"

/* What the type numbers of frames say, with those that cannot be read as one more. */
static const char *const frame_types[] = {
    [PUSH_FRAME_UNREADABLE] = "unreadable",
    [PUSH_FRAME_MESSAGE] = "message",
    [PUSH_FRAME_READ] = "read",
    [PUSH_FRAME_DELIVERED] = "delivered",
    [PUSH_FRAME_RECALL] = "recall",
    [PUSH_FRAME_EDIT] = "edit",
    [PUSH_FRAME_REACTION] = "reaction",
    [PUSH_FRAME_PIN] = "pin",
    [PUSH_FRAME_TYPING] = "typing",
    [PUSH_FRAME_HEARTBEAT] = "heartbeat",
};

static const char *const outcomes[] = {"acknowledged", "refused"};

static const struct metric_info infos[] = {
    [PUSH_SOCKETS] = {"parley_push_sockets", METRIC_GAUGE, "Sockets that are open now."},
    [PUSH_USERS] = {"parley_push_users", METRIC_GAUGE, "People with a socket here."},
    [PUSH_GROUPS] = {"parley_push_groups", METRIC_GAUGE, "Groups with a member here."},
    [PUSH_FRAMES] = {"parley_push_frames_total",
                     METRIC_COUNTER,
                     "Frames from clients, by type and by what became of them at the edge: OK was "
                     "passed on or answered.",
                     {METRIC_TEXTS("type", frame_types), METRIC_STATUS("status")},
                     .sparse = true},
    [PUSH_ANSWERS] = {"parley_push_answers_total",
                      METRIC_COUNTER,
                      "Frames that were passed on and have been answered, by the answer's status.",
                      {METRIC_STATUS("status")}},
    [PUSH_ANSWER_SECONDS] = {"parley_push_answer_seconds",
                             METRIC_HISTOGRAM,
                             "Time from a frame to its answer: of a message, until it was stored.",
                             {METRIC_TEXTS("outcome", outcomes)},
                             .bounds = &metric_bounds_us,
                             .per = METRIC_US},
    [PUSH_DELIVERIES] = {"parley_push_deliveries_total", METRIC_COUNTER,
                         "Frames for people, counted once for each of their sockets."},
    [PUSH_PUBLISHED] = {"parley_push_published_total", METRIC_COUNTER,
                        "AMQP messages with commands; frames per one is what batching saves."},
    [PUSH_RESYNCS] = {"parley_push_resyncs_total", METRIC_COUNTER,
                      "People told to look for what they missed."},
    [PUSH_OUTGOING_BYTES] = {"parley_push_outgoing_bytes", METRIC_GAUGE,
                             "Bytes of commands that wait for RabbitMQ to take them."},
    [PUSH_ROUTER_LETTERS] = {"parley_push_router_letters", METRIC_GAUGE,
                             "What the loops have told the router and it has not read yet."},
};

struct metrics push_metrics = METRICS(infos);

enum push_frame push_frame_of(const struct frame *frame)
{
    static const struct {
        const struct record *record;
        enum push_frame ret;
    } rows[] = {
        {&frame_send_record, PUSH_FRAME_MESSAGE},
        {&frame_read_record, PUSH_FRAME_READ},
        {&frame_delivered_record, PUSH_FRAME_DELIVERED},
        {&frame_recall_record, PUSH_FRAME_RECALL},
        {&frame_edit_record, PUSH_FRAME_EDIT},
        {&frame_reaction_record, PUSH_FRAME_REACTION},
        {&frame_pin_record, PUSH_FRAME_PIN},
        {&frame_typing_record, PUSH_FRAME_TYPING},
        {&frame_heartbeat_record, PUSH_FRAME_HEARTBEAT},
    };

    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        if (frame->record == rows[i].record)
            return rows[i].ret;
    return PUSH_FRAME_UNREADABLE;
}

void push_measure(void *state)
{
    struct push_state *push = state;

    metrics_set(&push_metrics, PUSH_SOCKETS, METRIC_AT(0),
                (int64_t)ws_server_sockets(push->server));
    metrics_set(&push_metrics, PUSH_OUTGOING_BYTES, METRIC_AT(0),
                (int64_t)atomic_load(&push->outgoing.bytes));
    metrics_set(&push_metrics, PUSH_ROUTER_LETTERS, METRIC_AT(0),
                (int64_t)atomic_load(&push->to_router.n));
    ws_server_measure(push->server);
}
