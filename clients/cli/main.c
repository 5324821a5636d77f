/* parley: a terminal client. */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "commands.h"
#include "screen.h"

/* How long the end of input, or the next command of a pipe, waits for what was sent. */
#define SETTLE_MS (30 * 1000)

struct options { /* from the environment, then from the command line */
    char *parley_url;
    char *ssl_cert_file;
};

static const struct field options_fields[] = {
    FIELD(struct options, parley_url, .max = 2048, .def = "http://127.0.0.1:8080"),
    FIELD(struct options, ssl_cert_file, .max = 4096),
};
static const struct record options_record = RECORD("options", struct options, options_fields);

static const char usage[] =
    "usage: parley [--cacert FILE] [URL]\n"
    "\n"
    "Talks to the Parley server at URL (else $PARLEY_URL, else http://127.0.0.1:8080). FILE holds\n"
    "the certificates to trust instead of the system's (else $SSL_CERT_FILE). Reads commands, one\n"
    "a line; \"help\" lists them. In a pipe it prints no prompt, waits for each command's end, and\n"
    "goes at the end of input: keep that open to keep listening.\n";

static bool read_arguments(int argc, char **argv, const char **url, const char **cacert)
{
    bool has_url = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--cacert") == 0 && i + 1 < argc) {
            *cacert = argv[++i];
        } else if (argv[i][0] != '-' && !has_url) {
            *url = argv[i];
            has_url = true;
        } else {
            return false;
        }
    }
    return true;
}

/* Wait until something is readable or due, and take it in. */
static void wait_and_take(struct session *session, bool idle)
{
    struct pollfd fds[] = {
        {.fd = idle                   ? screen_fd()
               : screen_is_terminal() ? screen_fd()
                                      : -1,
         .events = POLLIN},
        {.fd = socket_fd(session->socket), .events = POLLIN},
    };

    int n = poll(fds, N_ELEMENTS(fds), live_patience_ms(session));

    if (n < 0)
        screen_resume();
    else if (fds[0].revents)
        screen_read();
    live_turn(session);
}

/* true: go on. */
static bool run_line(struct session *session, char *line)
{
    struct error err;
    bool quit = false;

    if (!utf8_is_valid(line, strlen(line)))
        error_set(&err, STATUS_INVALID, "this line is not UTF-8");
    else if (command_run(session, line, &quit, &err) == STATUS_OK)
        return !quit;
    screen_complain("%s", err.text);
    session->failed = true;
    return true;
}

/* A pipe's commands each wait for the one before: the log-in for the open socket, a message for
 * its ack. On a terminal only leaving does. */
static bool must_settle(const char *line)
{
    return !line || !screen_is_terminal() || command_waits(line);
}

static void set_prompt(struct session *session)
{
    CLEANUP(buffer_clear) struct buffer prompt = {0};

    screen_add_harmless(&prompt, session_is_open(session) ? session->grant.username : "parley",
                        " ");
    if (session->chosen) {
        buffer_add_text(&prompt, session->chosen->is_group ? " #" : " @");
        screen_add_harmless(
            &prompt, session->chosen->name ? session->chosen->name : session->chosen->peer, " ");
    }
    if (session->chosen && session->chosen->sent_seq && !session->chosen->is_group)
        buffer_add_text(&prompt, receipt_mark(session->chosen, session->chosen->sent_seq));
    buffer_add_text(&prompt, "> ");
    screen_set_prompt(buffer_text(&prompt));
}

static void converse(struct session *session)
{
    CLEANUP(free) char *line = NULL;
    int64_t waiting_since = 0;
    bool going = true;

    while (going) {
        bool at_end;

        if (!line)
            line = screen_next_line();
        at_end = !line && screen_is_at_end();
        if ((line || at_end) && must_settle(line) && !live_is_settled(session)) {
            if (!waiting_since)
                waiting_since = clock_monotonic();
            if (clock_monotonic() - waiting_since < SETTLE_MS) {
                wait_and_take(session, false);
                continue;
            }
            screen_complain("no answer from the server for %d s: giving up", SETTLE_MS / 1000);
            session->failed = true;
            return;
        }
        waiting_since = 0;
        if (at_end)
            return;
        if (line) {
            going = run_line(session, line);
            free(TAKE(line));
            live_turn(session);
        } else {
            wait_and_take(session, true);
        }
        set_prompt(session);
    }
}

int main(int argc, char **argv)
{
    struct session session = {0};
    struct options options = {0};
    CLEANUP(buffer_clear) struct buffer faults = {0};
    const char *cacert;
    const char *url;
    struct error err;
    bool failed;

    if (record_from_env(&options_record, &options, &faults) != STATUS_OK) {
        screen_complain("%s", buffer_text(&faults));
        return 2;
    }
    url = options.parley_url;
    cacert = options.ssl_cert_file;
    if (!read_arguments(argc, argv, &url, &cacert)) {
        (void)!write(STDERR_FILENO, usage, sizeof usage - 1);
        record_clear(&options_record, &options);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a lost connection is an error of write(), not the end of us */
    screen_open();
    if (session_open(&session, url, cacert, &err) == STATUS_OK) {
        converse(&session);
    } else {
        screen_complain("%s", err.text);
        session.failed = true;
    }
    session_give_up(&session);
    failed = session.failed;
    session_close(&session);
    screen_close();
    record_clear(&options_record, &options);
    return failed ? 1 : 0;
}
