#include "service/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/version.h"
#include "otlp/otlp.h"

/* ---- The process: names and meanings as every Prometheus library has them */

enum { BUILD, READY, CPU, RESIDENT, OPEN_FILES, MAX_FILES, STARTED };

static const char *get_version(const void *unused, size_t i);

static const struct metric_info process_infos[] = {
    [BUILD] = {"parley_build_info",
               METRIC_GAUGE,
               "1; the label says which version this is.",
               {{"version", 1, get_version}}},
    [READY] = {"parley_ready", METRIC_GAUGE, "1 while /readyz says that it may be asked."},
    [CPU] = {"process_cpu_seconds_total", METRIC_COUNTER, "CPU time used, user and system.",
             .per = METRIC_US},
    [RESIDENT] = {"process_resident_memory_bytes", METRIC_GAUGE, "Memory in RAM."},
    [OPEN_FILES] = {"process_open_fds", METRIC_GAUGE, "Open file descriptors, sockets included."},
    [MAX_FILES] = {"process_max_fds", METRIC_GAUGE, "How many there may be."},
    [STARTED] = {"process_start_time_seconds", METRIC_GAUGE, "When it started, Unix time.",
                 .per = 1000},
};

static struct metrics process_metrics = METRICS(process_infos);

static const char *get_version(const void *unused, size_t i)
{
    (void)unused;
    (void)i;
    return parley_version;
}

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail with a constant, supported id */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The second number of /proc/self/statm, in pages. */
static int64_t resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n;
    const char *second;

    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof text - 1);
    (void)close(fd); /* only read from */
    text[n > 0 ? n : 0] = '\0';
    second = strchr(text, ' ');
    return second ? strtol(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static int64_t open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t n = -3; /* ".", ".." and the folder itself */

    if (!folder)
        return 0;
    while (readdir(folder))
        n++;
    (void)closedir(folder); /* only read from */
    return n;
}

static int64_t max_files(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (int64_t)limit.rlim_cur : 0;
}

static void measure_process(struct runtime *runtime)
{
    CLEANUP(buffer_clear) struct buffer why = {0};

    metrics_set(&process_metrics, READY, METRIC_AT(0), runtime_is_ready(runtime, &why));
    metrics_set(&process_metrics, BUILD, METRIC_AT(0), 1);
    metrics_set(&process_metrics, CPU, METRIC_AT(0), cpu_us());
    metrics_set(&process_metrics, RESIDENT, METRIC_AT(0), resident_bytes());
    metrics_set(&process_metrics, OPEN_FILES, METRIC_AT(0), open_files());
    metrics_set(&process_metrics, MAX_FILES, METRIC_AT(0), max_files());
    metrics_set(&process_metrics, STARTED, METRIC_AT(0), runtime->began_at);
}

/* ---- The libraries */

/* Whose numbers are printed: those of what the service uses. */
static const struct {
    struct metrics *metrics;
    int uses; /* any of these; 0: always */
} parts[] = {
    {&process_metrics, 0},
    {&log_metrics, 0},
    {&otlp_metrics, 0},
    {&rpc_metrics, 0},
    {&bus_metrics, USES_BUS | USES_ASK | USES_IDENTITY},
    {&store_metrics, USES_STORE},
    {&cache_metrics, USES_CACHE},
};

static bool is_used(const struct service *service, size_t i)
{
    return parts[i].uses == 0 || (service->uses & parts[i].uses);
}

void metrics_page(struct runtime *runtime, struct buffer *ret)
{
    const struct service *service = runtime->service;

    measure_process(runtime);
    for (size_t i = 0; i < N_ELEMENTS(parts); i++)
        if (is_used(service, i))
            metrics_print(parts[i].metrics, ret);
    pthread_rwlock_rdlock(&runtime->lock);
    if (runtime->http)
        http_metrics(runtime->http, ret);
    if (runtime->started && service->measure)
        service->measure(service->state);
    pthread_rwlock_unlock(&runtime->lock);
    for (size_t i = 0; i < service->n_metrics; i++)
        metrics_print(service->metrics[i], ret);
}

void print_metrics(const struct service *service, struct buffer *ret)
{
    for (size_t i = 0; i < N_ELEMENTS(parts); i++)
        if (is_used(service, i))
            metrics_describe(parts[i].metrics, ret);
    if (service->serves_http)
        metrics_describe(&http_metrics_table, ret);
    for (size_t i = 0; i < service->n_metrics; i++)
        metrics_describe(service->metrics[i], ret);
}
