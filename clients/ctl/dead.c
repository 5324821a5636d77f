/* What could not be handled, in the queue of dead letters: looked at, sent again, dropped.
 *
 * They are taken into the hand of one channel, in their order, and put back in their old places by
 * closing it. Only what the broker has confirmed at its destination, or what is to be dropped, is
 * acknowledged, which removes it: a death in between sends it twice, and all receivers bear that. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "bus/inspect.h"
#include "commands.h"
#include "ctl.h"
#include "output.h"
#include "settings.h"
#include "token/digest.h"
#include "wire/envelope.h"

enum { CHANNEL_HOLD = 2 };

/* A name by content, which stays when others before it go: of two that are the same to the byte
 * either may be meant. */
#define NAME_LENGTH 10

/* ---- What is told of a letter */

struct dead_letter {
    int64_t number;
    char *id;
    int64_t parked_at;
    char *from;
    int64_t bytes;
    char *reason;
};

static const struct field letter_fields[] = {
    FIELD(struct dead_letter, number),    FIELD(struct dead_letter, id),
    FIELD(struct dead_letter, parked_at), FIELD(struct dead_letter, from),
    FIELD(struct dead_letter, bytes),     FIELD(struct dead_letter, reason),
};
static const struct record letter_record =
    RECORD("ctl.dead_letter", struct dead_letter, letter_fields);

struct dead_letters {
    struct list letters;
};

static const struct field letters_fields[] = {
    FIELD(struct dead_letters, letters, .of = &letter_record),
};
static const struct record letters_record =
    RECORD("ctl.dead_letters", struct dead_letters, letters_fields);

static char *id_of(const struct letter *letter)
{
    CLEANUP(digest_free) struct digest *digest = digest_new();
    char sum[DIGEST_MAX];

    digest_add(digest, letter->from, strlen(letter->from) + 1);
    digest_add(digest, &letter->at, sizeof letter->at);
    if (letter->reason)
        digest_add(digest, letter->reason, strlen(letter->reason));
    digest_add(digest, letter->body, letter->length);
    digest_end(digest, sum);
    return memory_text_n(sum, NAME_LENGTH);
}

static void describe(const struct letter *letter, int64_t number, struct dead_letter *ret)
{
    const char *reason = letter->reason ? letter->reason : "none was given";

    *ret = (struct dead_letter){
        .number = number,
        .id = id_of(letter),
        .parked_at = letter->at,
        .from = memory_text(letter->from),
        .bytes = (int64_t)letter->length,
        .reason = memory_text(utf8_is_valid(reason, strlen(reason)) ? reason : "not UTF-8"),
    };
}

/* ---- All of them, one after the other */

/* What becomes of each. *ret_done: it is acknowledged. */
typedef enum status each(struct bus *bus, const struct letter *letter,
                         const struct dead_letter *about, void *context, bool *ret_done,
                         struct error *err);

static enum status go_through(struct bus *bus, each *what, void *context, struct error *err)
{
    struct queue_measure measure = {0};
    int64_t number = 0;
    enum status s = bus_look_at(bus, CHANNEL_HOLD, queues[QUEUE_DEAD].name, &measure, err);

    /* No more than there were: what is sent again may be parked again at once. */
    while (s == STATUS_OK && number < measure.messages) {
        CLEANUP(letter_clear) struct letter letter = {0};
        struct dead_letter about = {0};
        bool done = false;

        s = bus_get(bus, CHANNEL_HOLD, queues[QUEUE_DEAD].name, &letter, err);
        if (s != STATUS_OK)
            break;
        describe(&letter, ++number, &about);
        s = what(bus, &letter, &about, context, &done, err);
        if (s == STATUS_OK && done)
            s = bus_ack(bus, CHANNEL_HOLD, letter.tag, false, err);
        record_clear(&letter_record, &about);
    }
    bus_channel_close(bus, CHANNEL_HOLD);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static int run(each *what, void *context)
{
    struct bus *bus = NULL;
    struct error err;
    enum status s;

    if (!settings_open_bus(&bus))
        return CTL_FAILED;
    s = go_through(bus, what, context, &err);
    bus_close(bus);
    if (s != STATUS_OK)
        complain("%s", err.text);
    return s == STATUS_OK ? CTL_OK : CTL_FAILED;
}

/* ---- list */

static enum status add_to_list(struct bus *bus, const struct letter *letter,
                               const struct dead_letter *about, void *context, bool *ret_done,
                               struct error *err)
{
    (void)bus;
    (void)letter;
    (void)ret_done;
    (void)err;
    record_copy(&letter_record, about, list_add(context, &letter_record));
    return STATUS_OK;
}

static int list(bool as_json)
{
    struct dead_letters found = {0};
    int status = run(add_to_list, &found.letters);

    if (status == CTL_OK && as_json)
        output_json(&letters_record, &found);
    else if (status == CTL_OK && found.letters.n == 0)
        puts("there are no dead letters");
    else if (status == CTL_OK)
        output_table(&letter_record, &found.letters);
    record_clear(&letters_record, &found);
    return status;
}

/* ---- show */

struct showing {
    const char *id;
    bool with_content;
    bool found;
};

static void print_slice(const char *name, struct slice slice)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    CLEANUP(buffer_clear) struct buffer shown = {0};

    if (slice.length == 0)
        return;
    if (memchr(slice.data, '\0', slice.length) || !utf8_is_valid(slice.data, slice.length)) {
        printf("  %-16s %zu bytes that are no text\n", name, slice.length);
        return;
    }
    buffer_add(&text, slice.data, slice.length);
    output_harmless(&shown, buffer_text(&text));
    printf("  %-16s %s\n", name, buffer_text(&shown));
}

static void print_payload(struct slice payload, bool with_content)
{
    if (with_content)
        print_slice("payload", payload);
    else
        printf("  %-16s %zu bytes (--content shows them)\n", "payload", payload.length);
}

static void print_envelope(const struct envelope *envelope, bool with_content)
{
    printf("envelope of kind %d\n", (int)envelope->kind);
    print_slice("user_id", envelope->user_id);
    print_slice("session_id", envelope->session_id);
    print_slice("conversation_id", envelope->conversation_id);
    print_slice("node", envelope->node);
    print_slice("traceparent", envelope->traceparent);
    print_slice("users_in", envelope->users_in);
    print_slice("users_out", envelope->users_out);
    if (envelope->seq || envelope->rev)
        printf("  %-16s %" PRId64 "\n  %-16s %" PRId64 "\n", "seq", envelope->seq, "rev",
               envelope->rev);
    print_payload(envelope->payload, with_content);
}

/* A run of envelopes, or (from outside) bare bytes. */
static void print_body(const struct letter *letter, bool with_content)
{
    struct slice rest = {letter->body, letter->length};
    struct envelope envelope;
    struct error err;
    enum status s;

    while ((s = envelope_next(&rest, &envelope, &err)) == STATUS_OK)
        print_envelope(&envelope, with_content);
    if (s == STATUS_INVALID) {
        puts("bytes that are no envelope");
        print_payload(rest, with_content);
    }
}

static enum status show_one(struct bus *bus, const struct letter *letter,
                            const struct dead_letter *about, void *context, bool *ret_done,
                            struct error *err)
{
    struct showing *showing = context;

    (void)bus;
    (void)ret_done;
    (void)err;
    if (showing->found || strcmp(about->id, showing->id) != 0)
        return STATUS_OK;
    showing->found = true;
    output_members(&letter_record, about);
    print_body(letter, showing->with_content);
    return STATUS_OK;
}

static int show(const char *id, bool with_content)
{
    struct showing showing = {id, with_content, false};
    int status = run(show_one, &showing);

    if (status == CTL_OK && !showing.found) {
        complain("there is no dead letter %s", id);
        status = CTL_FAILED;
    }
    return status;
}

/* ---- replay and drop */

struct choice {
    const char *id;   /* one, or */
    const char *from; /* those of one queue, or */
    bool all;
    bool replays; /* false: drops */
    int64_t chosen;
    int64_t done;
};

static bool is_chosen(const struct choice *choice, const struct dead_letter *about)
{
    if (choice->id)
        return choice->chosen == 0 && strcmp(about->id, choice->id) == 0;
    return choice->all || strcmp(about->from, choice->from) == 0;
}

/* Where letters were parked from is a queue's name, or the key that it is bound to. */
static const struct queue_info *find_queue(const char *from)
{
    for (size_t i = 0; i < QUEUE_DEAD; i++)
        if (strcmp(queues[i].name, from) == 0 || strcmp(queues[i].key, from) == 0)
            return &queues[i];
    return NULL;
}

static enum status replay_one(struct bus *bus, const struct letter *letter, struct error *err)
{
    const struct queue_info *info = find_queue(letter->from);
    enum status s;

    if (!info)
        return error_set(err, STATUS_INVALID, "%s is no queue of ours", letter->from);
    if (info == &queues[QUEUE_MESSAGE_INBOUND])
        return error_set(err, STATUS_INVALID,
                         "the broker cannot vouch for its sender again: he has to send it anew");
    s = bus_publish(bus, info->exchange, info->key, NULL, 0,
                    (struct slice){letter->body, letter->length}, BUS_PERSISTENT | BUS_MANDATORY,
                    err);
    return s == STATUS_OK ? bus_confirm(bus, err) : s;
}

static enum status settle_one(struct bus *bus, const struct letter *letter,
                              const struct dead_letter *about, void *context, bool *ret_done,
                              struct error *err)
{
    struct choice *choice = context;
    enum status s = STATUS_OK;

    if (!is_chosen(choice, about))
        return STATUS_OK;
    choice->chosen++;
    if (choice->replays)
        s = replay_one(bus, letter, err);
    if (s == STATUS_UNAVAILABLE && !bus_is_connected(bus))
        return s;
    if (s != STATUS_OK) { /* this one stays; others may do better */
        complain("%s from %s: %s", about->id, about->from, err->text);
        return STATUS_OK;
    }
    *ret_done = true;
    choice->done++;
    return STATUS_OK;
}

static int settle(struct choice *choice)
{
    int status = run(settle_one, choice);

    printf("%" PRId64 " %s\n", choice->done, choice->replays ? "sent again" : "dropped");
    if (status == CTL_OK && choice->id && choice->chosen == 0) {
        complain("there is no dead letter %s", choice->id);
        return CTL_FAILED;
    }
    return choice->done == choice->chosen ? status : CTL_FAILED;
}

/* ---- The command */

static int choose(int argc, char **argv, bool replays)
{
    struct choice choice = {.replays = replays};

    choice.all = take_flag(&argc, argv, "--all");
    choice.from = take_option(&argc, argv, "--from");
    choice.id = argc == 2 ? argv[1] : NULL;
    if (argc > 2 || choice.all + (choice.from != NULL) + (choice.id != NULL) != 1 ||
        (choice.id && *choice.id == '-'))
        return CTL_USAGE;
    return settle(&choice);
}

int run_dead(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool flag;

    argc--, argv++;
    if (strcmp(what, "list") == 0) {
        flag = take_flag(&argc, argv, "--json");
        return argc == 1 ? list(flag) : CTL_USAGE;
    }
    if (strcmp(what, "show") == 0) {
        flag = take_flag(&argc, argv, "--content");
        return argc == 2 ? show(argv[1], flag) : CTL_USAGE;
    }
    if (strcmp(what, "replay") == 0)
        return choose(argc, argv, true);
    if (strcmp(what, "drop") == 0)
        return choose(argc, argv, false);
    return CTL_USAGE;
}
