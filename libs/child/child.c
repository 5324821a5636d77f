#include "child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define NOT_RUN 127 /* what shells use too */
#define FILES_MAX 64
#define ALIVE_FD 3 /* held by the child and whatever it starts, and by nobody else */

/* ---- Places */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *places[CHILDREN]; /* for whom a program runs in each; NULL: none does */

/* With the lock held. NULL: all are taken, or one of them for the same. */
static const char **find_place(const char *for_whom)
{
    const char **unused = NULL;

    for (size_t i = 0; i < CHILDREN; i++) {
        if (!places[i])
            unused = &places[i];
        else if (*for_whom && strcmp(places[i], for_whom) == 0)
            return NULL;
    }
    return unused;
}

static enum status take_place(const char *for_whom, const char ***ret, struct error *err)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until); /* what pthread_cond_timedwait() goes by */
    until.tv_sec += CHILD_WAIT_MS / 1000;
    pthread_mutex_lock(&lock);
    do
        *ret = find_place(for_whom);
    while (!*ret && pthread_cond_timedwait(&changed, &lock, &until) == 0);
    if (*ret)
        **ret = for_whom;
    pthread_mutex_unlock(&lock);
    return *ret ? STATUS_OK
                : error_set(err, STATUS_UNAVAILABLE, "all places for programs are taken");
}

/* All are woken: not every one may have it. */
static void give_back_place(const char **place)
{
    pthread_mutex_lock(&lock);
    *place = NULL;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* ---- The child. Between fork() and exec only what is safe there: system calls. */

static bool limit(int what, int64_t value)
{
    const struct rlimit both = {(rlim_t)value, (rlim_t)value};

    return setrlimit(what, &both) == 0;
}

static bool set_limits(const struct child_limits *limits)
{
    return limit(RLIMIT_CPU, limits->cpu_s) && limit(RLIMIT_AS, limits->memory_bytes) &&
           limit(RLIMIT_FSIZE, limits->output_bytes) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_NOFILE, FILES_MAX);
}

static bool set_files(int in_fd, int out_fd, int alive_fd)
{
    int nothing = open("/dev/null", O_WRONLY);

    if (nothing < 0 || dup2(in_fd, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(nothing, 2) < 0)
        return false;
    if (alive_fd == ALIVE_FD ? fcntl(ALIVE_FD, F_SETFD, 0) != 0 : dup2(alive_fd, ALIVE_FD) < 0)
        return false;
    return close_range(ALIVE_FD + 1, ~0U, 0) == 0;
}

static _Noreturn void become(const char *const argv[], const char *const environment[], int in_fd,
                             int out_fd, int alive_fd, const struct child_limits *limits)
{
    sigset_t none;

    sigemptyset(&none);
    (void)setpgid(0, 0); /* the parent does it too */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
        chdir("/") == 0 && set_files(in_fd, out_fd, alive_fd) && set_limits(limits))
        execve(argv[0], (char *const *)argv, (char *const *)environment);
    _exit(NOT_RUN);
}

/* ---- The parent */

/* True: it and all that it started have let go of their end of the pipe. */
static bool wait_for_end(int fd, int64_t wall_ms)
{
    int64_t until = clock_monotonic() + wall_ms;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    int n;

    do {
        int64_t left = until - clock_monotonic();

        n = poll(&end, 1, left > 0 ? (int)left : 0);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

static enum status judge(const char *program, int status, bool in_time, struct error *err)
{
    if (!in_time)
        return error_set(err, STATUS_INVALID, "%s took too long", program);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return STATUS_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_RUN)
        return error_set(err, STATUS_UNAVAILABLE, "%s cannot be run", program);
    if (WIFEXITED(status))
        return error_set(err, STATUS_INVALID, "%s ended with %d", program, WEXITSTATUS(status));
    return error_set(err, STATUS_INVALID, "%s was ended by signal %d", program, WTERMSIG(status));
}

static enum status run(const char *const argv[], const char *const environment[], int in_fd,
                       int out_fd, const struct child_limits *limits, struct error *err)
{
    int pipe_fds[2];
    int status = 0;
    bool in_time;
    pid_t pid;

    if (lseek(in_fd, 0, SEEK_SET) < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "no files for %s: %s", argv[0], strerror(errno));
    pid = fork();
    if (pid == 0)
        become(argv, environment, in_fd, out_fd, pipe_fds[1], limits);
    (void)close(pipe_fds[1]);
    if (pid < 0) {
        (void)close(pipe_fds[0]);
        return error_set(err, STATUS_UNAVAILABLE, "no process for %s: %s", argv[0],
                         strerror(errno));
    }
    (void)setpgid(pid, pid); /* fails once it runs: then it has done so itself */
    in_time = wait_for_end(pipe_fds[0], limits->wall_ms);
    (void)close(pipe_fds[0]);
    if (!in_time)
        (void)kill(-pid, SIGKILL); /* cannot fail: it is ours and not yet waited for */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return judge(argv[0], status, in_time, err);
}

enum status child_run(const char *const argv[], const char *const environment[], int in_fd,
                      int out_fd, const struct child_limits *limits, struct error *err)
{
    const char **place;
    enum status s = take_place(limits->for_whom ? limits->for_whom : "", &place, err);

    if (s != STATUS_OK)
        return s;
    s = run(argv, environment, in_fd, out_fd, limits, err);
    give_back_place(place);
    return s;
}
