#include "processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "base/clock.h"
#include "base/memory.h"
#include "fetch/fetch.h"

#define PATIENCE_MS 2000

static const struct field process_fields[] = {
    FIELD(struct process, service),    FIELD(struct process, address),
    FIELD(struct process, ready),      FIELD(struct process, version),
    FIELD(struct process, uptime_s),   FIELD(struct process, sockets),
    FIELD(struct process, partitions), FIELD(struct process, why),
};
const struct record process_record = RECORD("ctl.process", struct process, process_fields);

static enum status ask(const struct process *process, const char *page, struct fetch_answer *ret,
                       struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    struct fetch_request request = {.is_inside = true, .timeout_ms = PATIENCE_MS};

    buffer_printf(&url, "http://%s%s", process->address, page);
    request.url = buffer_text(&url);
    return fetch(&request, ret, err);
}

/* ---- /readyz: "ok", or a line for each reason */

static char *one_line(struct buffer *body)
{
    char *text = buffer_take(body);
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    for (char *p = strchr(text, '\n'); p; p = strchr(p, '\n'))
        *p = ';';
    return text;
}

static void look_at_readiness(struct process *process)
{
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    struct error err;

    if (ask(process, "/readyz", &answer, &err) != STATUS_OK)
        process->why = memory_text(err.text);
    else if (answer.status == 200)
        process->ready = true;
    else
        process->why = one_line(&answer.body);
}

/* ---- /metrics: lines of "name value" and "name{label="value"} value" */

static const char *find_line(const char *text, const char *name)
{
    size_t length = strlen(name);

    for (const char *p = strstr(text, name); p; p = strstr(p + length, name))
        if ((p == text || p[-1] == '\n') && (p[length] == ' ' || p[length] == '{'))
            return p + length;
    return NULL;
}

static int64_t number_of(const char *text, const char *name)
{
    const char *p = find_line(text, name);

    return p && *p == ' ' ? (int64_t)strtod(p, NULL) : 0;
}

static char *version_of(const char *text)
{
    static const char label[] = "version=\"";
    const char *p = find_line(text, "parley_build_info");

    p = p ? strstr(p, label) : NULL;
    return p ? memory_text_n(p + strlen(label), strcspn(p + strlen(label), "\"\n")) : NULL;
}

static void look_at_metrics(struct process *process)
{
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    const char *text;
    int64_t started;

    if (ask(process, "/metrics", &answer, NULL) != STATUS_OK || answer.status != 200)
        return; /* what could not be asked is told by /readyz */
    text = buffer_text(&answer.body);
    started = number_of(text, "process_start_time_seconds");
    process->version = version_of(text);
    process->uptime_s = started > 0 ? clock_now() / 1000 - started : 0;
    process->sockets = number_of(text, "parley_ws_sockets");
    process->partitions = number_of(text, "parley_message_partitions");
}

/* ---- Where they are */

static void look_at(const char *service, const char *address, const char *why, struct list *ret)
{
    struct process *process = list_add(ret, &process_record);

    process->service = memory_text(service);
    process->address = memory_text(address);
    process->why = memory_text(why);
    if (why)
        return;
    look_at_readiness(process);
    if (process->ready || !strstr(process->why, "http://")) /* it answers */
        look_at_metrics(process);
}

static void look_at_name(const char *service, const char *name, struct list *ret)
{
    struct strings addresses = {0};
    struct error err;

    if (addresses_find(name, &addresses, &err) != STATUS_OK)
        look_at(service, name, err.text, ret);
    for (size_t i = 0; i < addresses.n; i++)
        look_at(service, addresses.items[i], NULL, ret);
    strings_clear(&addresses);
}

void processes_look(const struct settings *settings, struct list *ret)
{
    const struct {
        const char *service;
        const char *where;
    } all[] = {
        {"auth", settings->auth_internal},   {"user", settings->user_internal},
        {"group", settings->group_internal}, {"message", settings->message_internal},
        {"push", settings->push_internal},   {"bot", settings->bot_internal},
    };

    for (size_t i = 0; i < N_ELEMENTS(all); i++) {
        CLEANUP(free) char *list = memory_text(all[i].where);
        char *rest = NULL;

        for (char *name = strtok_r(list, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest))
            look_at_name(all[i].service, name, ret);
    }
}
