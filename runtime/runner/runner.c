/* mojocell-runner: one process for one runtime, loaded once; each program runs in a fork of it.
 *
 *   mojocell-runner --control-fd N [--library PATH | --optional-library PATH]…
 *   mojocell-runner --exec SLOT-FD PAYLOAD-FD ORDER-FD [--library …]…       (by itself, for a run
 * that cannot be a fork)
 *
 * Single-threaded, so that a fork is a whole process; it reads nothing of what a program says or
 * needs. When the daemon's end of the socket closes, it kills its runs and ends. */
#include "base/mem.h"
#include "base/os.h"
#include "runner/live_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SWEEP_TICK_NS   20000000
#define QUIT_NS         1500000000 /* below the time its daemon waits for it */
#define REQUESTS_A_TURN 16

/* Of the processes forked ahead: they are missed after a run, and of no use where none comes. */
#define MISSED_NS     2000000 /* after the start of a run that has not ended by then */
#define TOLD_NS       200000 /* after an end: by then its client knows, and a fork disturbs nobody */
#define IDLE_NS       60000000000
#define LOOK_NS       5000000000  /* at the memory that is left */
#define MEMORY_WANTED (128 << 20) /* left, so that there are any */

struct runner {
    int control;
    int signals;
    struct mc_live_runs runs;
    struct mc_child_host host;
    bool quitting;
    int64_t quit_at;
    int64_t fill_at; /* 0: nothing is missing, or nothing is to be had */
    int64_t last_run_at;
    int64_t look_at; /* at the memory, next */
    bool memory_short;
};

static void quit(struct runner *runner)
{
    if (!runner->quitting) {
        runner->quitting = true;
        runner->quit_at = mc_os_now() + QUIT_NS;
        mc_live_runs_kill(&runner->runs);
    }
}

static void send_event(struct runner *runner, const struct mc_runner_event *event)
{
    struct mc_wire_event message = {.version = MC_WIRE_VERSION, .event = *event};
    ssize_t n;
    do {
        n = mc_fault("tell") ? -1 : send(runner->control, &message, sizeof message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        quit(runner);
    }
}

static void start_run(struct runner *runner, const struct mc_wire_request *request, const int *fds)
{
    mc_err err;
    struct mc_live_run *run;
    struct mc_runner_event event = {.id = request->id};
    if (mc_live_runs_start(&runner->runs, &runner->host, request, fds, &run, &err) < 0) {
        mc_spares_take_back(&runner->runs.spares, request->ahead);
        event.kind = MC_RUNNER_ENDED;
        event.outcome = MC_RUNNER_NOT_STARTED;
        snprintf(event.message, sizeof event.message, "%s", err.message);
    } else {
        event.kind = MC_RUNNER_STARTED;
        event.pid = run->pid;
    }
    send_event(runner, &event);
    if (event.kind == MC_RUNNER_STARTED) {
        mc_live_runs_go(run);
    }
    runner->last_run_at = mc_os_now();
    runner->fill_at = runner->last_run_at + MISSED_NS;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
    }
}

/* Receives one request and its descriptors. Returns 1, 0 where there is none, -1 at the end of the
 * socket. */
static int receive(struct runner *runner,
                   struct mc_wire_request *ret,
                   int ret_fds[MC_WIRE_FDS],
                   size_t *ret_count)
{
    ssize_t n =
        mc_wire_receive(runner->control, ret, sizeof *ret, ret_fds, ret_count, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
        return 0;
    }
    if (n == (ssize_t) sizeof *ret && ret->version == MC_WIRE_VERSION) {
        return 1;
    }
    close_all(ret_fds, *ret_count);
    return -1;
}

static void handle_requests(struct runner *runner)
{
    for (int i = 0; i < REQUESTS_A_TURN && !runner->quitting; i++) {
        struct mc_wire_request request;
        int fds[MC_WIRE_FDS];
        size_t count;
        int outcome = receive(runner, &request, fds, &count);
        if (outcome <= 0) {
            if (outcome < 0) {
                quit(runner);
            }
            return;
        }
        if (request.kind == MC_WIRE_RUN && count == MC_WIRE_FDS) {
            start_run(runner, &request, fds);
        } else if (request.kind == MC_WIRE_SIGNAL) {
            struct mc_live_run *run = mc_live_runs_find(&runner->runs, request.id);
            if (run) {
                mc_group_signal(run->pid, request.signal);
            }
        } else if (request.kind == MC_WIRE_RUN) {
            /* Its descriptors were lost: this process had no room for them. */
            struct mc_runner_event event = {.kind = MC_RUNNER_ENDED,
                                            .id = request.id,
                                            .outcome = MC_RUNNER_NOT_STARTED,
                                            .message = "the runner has too many open files"};
            mc_spares_take_back(&runner->runs.spares, request.ahead);
            send_event(runner, &event);
        }
        close_all(fds, count);
    }
}

static void handle_ends(struct runner *runner)
{
    mc_live_runs_reap(&runner->runs);
    struct mc_live_run *next;
    for (struct mc_live_run *run = runner->runs.first; run; run = next) {
        next = run->next;
        if (run->state == MC_RUN_SWEEPING && mc_live_runs_swept(&runner->runs, run)) {
            struct mc_runner_event event = {
                .kind = MC_RUNNER_ENDED, .id = run->id, .pid = run->pid};
            mc_live_runs_describe(run, &event);
            mc_live_runs_remove(&runner->runs, run);
            if (!runner->quitting) {
                send_event(runner, &event);
                runner->last_run_at = mc_os_now();
                runner->fill_at = runner->last_run_at + TOLD_NS;
            }
        }
    }
}

static bool sweeping(const struct runner *runner)
{
    const struct mc_live_run *run = runner->runs.first;
    while (run && run->state != MC_RUN_SWEEPING) {
        run = run->next;
    }
    return run != NULL;
}

/* ---- processes forked ahead ---- */

static bool memory_is_short(struct runner *runner, int64_t now)
{
    if (now >= runner->look_at) {
        int64_t left = mc_os_memory_left();
        runner->look_at = now + LOOK_NS;
        runner->memory_short = left >= 0 && left < MEMORY_WANTED;
    }
    return runner->memory_short;
}

/* The daemon gives a run to it without the way through here. Where it does not hear of it, we do.
 */
static void offer(const struct runner *runner, const struct mc_spare *spare)
{
    struct mc_wire_ahead ahead = {
        .version = MC_WIRE_VERSION, .pid = spare->pid, .artifact = spare->artifact};
    (void) mc_wire_send(runner->control, &ahead, sizeof ahead, &spare->socket, 1, MSG_DONTWAIT);
}

/* One at a time, so that a request has to wait for one at most. */
static void keep_spares(struct runner *runner)
{
    int64_t now = mc_os_now();
    if (now - runner->last_run_at >= IDLE_NS || memory_is_short(runner, now)) {
        mc_spares_dismiss(&runner->runs.spares);
        runner->fill_at = 0;
    } else if (runner->fill_at && now >= runner->fill_at) {
        const struct mc_spare *spare;
        bool failed = mc_spares_fill(&runner->runs.spares, &runner->host, &spare) < 0;
        if (spare) {
            offer(runner, spare);
        }
        runner->fill_at = failed || !mc_spares_lack(&runner->runs.spares) ? 0 : 1;
    }
}

/* Fills *ret with the time until something is due without an event. NULL: nothing is. */
static struct timespec *next_due(const struct runner *runner, struct timespec *ret)
{
    /* Every death is signalled; the tick is for strays that only came to us after our look. */
    if (sweeping(runner) || runner->quitting) {
        *ret = (struct timespec) {.tv_nsec = SWEEP_TICK_NS};
        return ret;
    }
    int64_t at = mc_spares_any(&runner->runs.spares) ? runner->look_at : INT64_MAX;
    if (runner->fill_at && runner->fill_at < at) {
        at = runner->fill_at;
    }
    int64_t left = at - mc_os_now();
    left = left > 0 ? left : 0;
    *ret = (struct timespec) {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    return at == INT64_MAX ? NULL : ret;
}

static void loop(struct runner *runner)
{
    while (!runner->quitting ||
           (mc_live_runs_any(&runner->runs) && mc_os_now() < runner->quit_at)) {
        struct pollfd pollers[] = {
            {.fd = runner->signals, .events = POLLIN},
            {.fd = runner->quitting ? -1 : runner->control, .events = POLLIN},
        };
        struct timespec due;
        int ready = ppoll(pollers, MC_LENGTH(pollers), next_due(runner, &due), NULL);
        if (ready < 0 && errno != EINTR) {
            return;
        }
        struct signalfd_siginfo ignored;
        while (read(runner->signals, &ignored, sizeof ignored) > 0) {
        }
        handle_ends(runner);
        if (pollers[1].revents) {
            handle_requests(runner);
        }
        if (ready == 0 && !runner->quitting) {
            keep_spares(runner);
        }
    }
}

static int listen_for_ends(struct runner *runner, mc_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    runner->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (runner->signals < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make a signal descriptor");
    }
    return mc_os_subreaper(err);
}

static int serve(struct runner *runner)
{
    mc_err err;
    struct mc_runner_event event = {.kind = MC_RUNNER_READY, .pid = getpid()};
    fcntl(runner->control, F_SETFD, FD_CLOEXEC);
    if (listen_for_ends(runner, &err) < 0) {
        event.kind = MC_RUNNER_BROKEN;
        snprintf(event.message, sizeof event.message, "%s", err.message);
    } else if (mc_child_load_libraries(
                   runner->host.libraries, event.message, sizeof event.message) < 0) {
        event.kind = MC_RUNNER_BROKEN;
    }
    runner->host.close_fds[0] = runner->control;
    runner->host.close_fds[1] = runner->signals;
    send_event(runner, &event);
    if (event.kind == MC_RUNNER_BROKEN) {
        return 1;
    }
    loop(runner);
    return 0;
}

/* The placeholder that the daemon put into our environment, to be overwritten in each run's
 * process. */
static char *find_tag_room(void)
{
    for (char **entry = environ; *entry; entry++) {
        if (strncmp(*entry, MC_TAG_NAME "=", strlen(MC_TAG_NAME "=")) == 0) {
            char *value = *entry + strlen(MC_TAG_NAME "=");
            return strlen(value) == MC_TAG_MAX ? value : NULL;
        }
    }
    return NULL;
}

/* Every process has its own copy of its arguments: show_name overwrites the originals. */
static char **copy_items(char **items)
{
    size_t count = 0;
    while (items[count]) {
        count++;
    }
    char **copy = (char **) calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(items[i]);
    }
    return copy;
}

/* A descriptor number from our own daemon; -1 for anything else. */
static int number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    return *text && !*end && value >= 0 && value < INT_MAX ? (int) value : -1;
}

int main(int argc, char **argv)
{
    static struct runner runner; /* static: what it points to is no leak in a fork that exits */
    bool control = argc >= 3 && strcmp(argv[1], "--control-fd") == 0;
    bool executed = argc >= 5 && strcmp(argv[1], "--exec") == 0;
    if (!control && !executed) {
        fprintf(stderr, "mojocell-runner is started by mojocelld\n");
        return 2;
    }
    runner.host = (struct mc_child_host) {
        .argc = argc,
        .argv = argv,
        .tag_at = control ? find_tag_room() : NULL,
        .libraries = copy_items(argv + (control ? 3 : 5)),
        .close_fds = {-1, -1},
    };
    if (!runner.host.libraries) {
        return 1;
    }
    if (executed) {
        const int fds[] = {number(argv[2]), number(argv[3]), number(argv[4])};
        mc_child_executed(&runner.host, fds);
    }
    runner.control = number(argv[2]);
    runner.signals = -1;
    return serve(&runner);
}
