#include "server/run.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "mojo/toolchain.h"
#include "proc/group.h"
#include "proc/limits.h"
#include "runner/link.h"
#include "server/ended.h"
#include "server/places.h"
#include "server/runner_slot.h"
#include "server/server.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const int64_t MS = 1000000;
enum { CHUNK = 64 * 1024, TERM_TO_KILL_MS = 80, SAMPLE_MS = 20, TAIL = 16 * 1024 };

struct mc_output {
    struct mc_run *run;
    bool is_stderr;
    int fd; /* -1 after its end */
    struct mc_watch watch;
    int64_t bytes;
    struct mc_buf tail; /* the last of it, where a crash leaves its words */
};

struct mc_run {
    struct mc_request *request;
    struct mc_runner_slot *slot;
    uint64_t id;
    char tag[MC_TAG_MAX + 1];
    pid_t pid; /* 0 until started */
    bool ended;
    struct mc_runner_event *end;
    struct mc_output outputs[2]; /* stdout, stderr */
    int64_t unacknowledged;
    struct mc_limits limits;
    enum mc_limit killed_by;
    bool cancelled;
    int attempts;
    struct mc_timer wall_timer;
    struct mc_timer kill_timer;
    struct mc_timer sample_timer;
    struct mc_run *sibling;
};

uint64_t mc_run_id(const struct mc_run *run)
{
    return run->id;
}

struct mc_run *mc_run_sibling(const struct mc_run *run)
{
    return run->sibling;
}

void mc_run_set_sibling(struct mc_run *run, struct mc_run *sibling)
{
    run->sibling = sibling;
}

static struct mc_loop *loop_of(const struct mc_run *run)
{
    return &run->request->server->loop;
}

static void close_output(struct mc_output *output)
{
    if (output->fd >= 0) {
        mc_loop_remove(loop_of(output->run), &output->watch);
        close(output->fd);
        output->fd = -1;
    }
}

static void run_free(struct mc_run *run)
{
    struct mc_loop *loop = loop_of(run);
    for (int i = 0; i < 2; i++) {
        close_output(&run->outputs[i]);
        mc_buf_fini(&run->outputs[i].tail);
    }
    mc_loop_disarm(loop, &run->wall_timer);
    mc_loop_disarm(loop, &run->kill_timer);
    mc_loop_disarm(loop, &run->sample_timer);
    free(run->end);
    free(run);
}

/* ---- ending it ---- */

static void stop_program(struct mc_run *run)
{
    if (run->ended || run->kill_timer.armed) {
        return;
    }
    mc_runner_slot_signal(run->slot, run, SIGTERM);
    mc_loop_arm(loop_of(run), &run->kill_timer, TERM_TO_KILL_MS * MS);
}

static void on_kill_timer(struct mc_timer *timer)
{
    struct mc_run *run = timer->owner;
    if (!run->ended) {
        mc_runner_slot_signal(run->slot, run, SIGKILL);
    }
}

static void exceed(struct mc_run *run, enum mc_limit limit)
{
    if (run->killed_by == MC_LIMIT_NONE) {
        run->killed_by = limit;
        stop_program(run);
    }
}

static void on_wall_timer(struct mc_timer *timer)
{
    exceed(timer->owner, MC_LIMIT_WALL);
}

/* The kernel does not limit shared memory or the processes of one program: both are sampled. */
static void on_sample_timer(struct mc_timer *timer)
{
    struct mc_run *run = timer->owner;
    struct mc_group_usage usage;
    if (run->ended) {
        return;
    }
    if (run->pid) {
        mc_group_usage(run->pid, run->limits.processes ? run->tag : NULL, &usage);
        if (run->limits.memory && usage.anonymous > run->limits.memory + (64LL << 20)) {
            exceed(run, MC_LIMIT_MEMORY);
        } else if (run->limits.processes && usage.processes > run->limits.processes) {
            exceed(run, MC_LIMIT_PROCESSES);
        }
    }
    mc_loop_arm(loop_of(run), timer, SAMPLE_MS * MS);
}

static void update_flow(struct mc_run *run)
{
    int64_t window = run->request->ask.window;
    bool waits = !run->pid && !run->ended; /* no peer gets output before `started` */
    bool paused = waits || (window > 0 && run->unacknowledged >= window && !run->cancelled);
    for (int i = 0; i < 2; i++) {
        run->outputs[i].watch.events = paused ? 0 : ZMQ_POLLIN;
    }
}

void mc_run_cancel(struct mc_request *request)
{
    request->run->cancelled = true;
    update_flow(request->run); /* whoever cancels need not acknowledge any more */
    stop_program(request->run);
}

void mc_run_abandon(struct mc_request *request)
{
    struct mc_run *run = request->run;
    if (!run) {
        return;
    }
    if (!run->ended) {
        mc_runner_slot_signal(run->slot, run, SIGKILL);
        mc_runner_slot_forget(run->slot, run);
    }
    request->run = NULL;
    run_free(run);
}

/* ---- what it says ---- */

void mc_run_credit(struct mc_request *request, int64_t bytes)
{
    struct mc_run *run = request->run;
    if (!run || bytes <= 0) {
        return;
    }
    run->unacknowledged = bytes < run->unacknowledged ? run->unacknowledged - bytes : 0;
    update_flow(run);
}

static void keep_tail(struct mc_output *output, const char *bytes, size_t length)
{
    mc_buf_add(&output->tail, bytes, length);
    if (output->tail.length > 2 * TAIL) {
        mc_buf_consume(&output->tail, output->tail.length - TAIL);
    }
}

/* Sends it on, as far as the limit of output allows. */
static void pass_on(struct mc_output *output, const char *bytes, size_t length)
{
    struct mc_run *run = output->run;
    int64_t left = run->limits.output - (run->outputs[0].bytes + run->outputs[1].bytes);
    if ((int64_t) length > left) {
        length = left > 0 ? (size_t) left : 0;
        exceed(run, MC_LIMIT_OUTPUT);
    }
    if (!length) {
        return;
    }
    output->bytes += (int64_t) length;
    run->unacknowledged += (int64_t) length;
    mc_request_output(run->request, output->is_stderr, bytes, length);
}

static void take(struct mc_output *output, const char *bytes, size_t length)
{
    const struct mc_request *request = output->run->request;
    keep_tail(output, bytes, length);
    if (!mc_places_any(request, bytes, length)) {
        pass_on(output, bytes, length);
        return;
    }
    mc_autobuf rewritten = MC_BUF_INIT;
    mc_places_rewrite(request, bytes, length, &rewritten);
    if (!rewritten.failed) {
        pass_on(output, rewritten.data, rewritten.length);
    }
}

static void answer(struct mc_run *run);

static void on_output(struct mc_watch *watch, short revents)
{
    (void) revents;
    static char chunk[CHUNK];
    struct mc_output *output = watch->owner;
    struct mc_run *run = output->run;
    ssize_t got = read(output->fd, chunk, sizeof chunk);
    if (got > 0) {
        take(output, chunk, (size_t) got);
        update_flow(run);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close_output(output);
    }
    if (run->request->peer->gone && !run->cancelled) {
        mc_run_cancel(run->request);
    }
    if (run->ended && run->outputs[0].fd < 0 && run->outputs[1].fd < 0) {
        answer(run);
    }
}

/* ---- how it began ---- */

static int open_outputs(struct mc_run *run, int ret_ends[2], mc_err *err)
{
    for (int i = 0; i < 2; i++) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0) {
            return mc_err_errno(err, MC_SYSTEM, "pipe");
        }
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
        run->outputs[i].fd = fds[0];
        ret_ends[i] = fds[1];
        run->outputs[i].watch = (struct mc_watch) {
            .fd = fds[0], .events = 0, .ready = on_output, .owner = &run->outputs[i]};
        if (mc_loop_add(loop_of(run), &run->outputs[i].watch, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Standard input as a file in memory: no writer has to wait for the program. -1 in *ret_fd where
 * there is none. */
static int open_input(const struct mc_ask *ask, int *ret_fd, mc_err *err)
{
    *ret_fd = -1;
    if (!ask->input) {
        return 0;
    }
    mc_autoclose int fd = memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make the standard input");
    }
    if (mc_fs_write_all(fd, ask->input, ask->input_length, err) < 0) {
        return -1;
    }
    lseek(fd, 0, SEEK_SET);
    *ret_fd = mc_take_fd(&fd);
    return 0;
}

static void copy_environment(const struct mc_request *request, struct mc_strv *ret)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *) request->ask.env, name, value)
    {
        mc_strv_addf(ret, "%s=%s", name, json_string_value(value));
    }
}

static void copy_arguments(const struct mc_request *request, struct mc_strv *ret)
{
    size_t i;
    json_t *value;
    json_array_foreach(request->ask.args, i, value)
    {
        mc_strv_add(ret, json_string_value(value));
    }
}

static int send_to_runner(struct mc_run *run, const int fds[3], mc_err *err)
{
    struct mc_request *request = run->request;
    mc_autostrv env = MC_STRV_INIT;
    mc_autostrv args = MC_STRV_INIT;
    mc_autofree char *library_dir = mc_fs_join(request->toolchain->root, "lib");
    char *none[] = {NULL};
    copy_environment(request, &env);
    copy_arguments(request, &args);
    if (library_dir == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_strv_check(&env, err) < 0 || mc_strv_check(&args, err) < 0) {
        return -1;
    }
    struct mc_runner_run spec = {.id = run->id,
                                 .artifact = request->artifact,
                                 .name = request->ask.name,
                                 .args = (const char *const *) args.items,
                                 .envp = (const char *const *) (env.items ? env.items : none),
                                 .cwd = request->ask.cwd,
                                 .umask = request->ask.umask,
                                 .in = fds[0],
                                 .out = fds[1],
                                 .err = fds[2],
                                 .tag = run->tag,
                                 .limits = run->limits,
                                 .library_dir = library_dir,
                                 .worker = request->ask.worker,
                                 .fresh =
                                     request->ask.fresh || json_object_get(request->meta, "fresh")};
    if (mc_runner_slot_get(request->server, request->toolchain, &run->slot, err) < 0) {
        return -1;
    }
    return mc_runner_slot_run(run->slot, run, &spec, err);
}

static int launch(struct mc_run *run, mc_err *err)
{
    int fds[3] = {-1, -1, -1};
    int result = open_input(&run->request->ask, &fds[0], err);
    if (result == 0) {
        result = open_outputs(run, fds + 1, err);
    }
    if (result == 0) {
        result = send_to_runner(run, fds, err);
    }
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    return result;
}

static void arm_timers(struct mc_run *run)
{
    run->wall_timer = (struct mc_timer) {.due = on_wall_timer, .owner = run};
    run->kill_timer = (struct mc_timer) {.due = on_kill_timer, .owner = run};
    run->sample_timer = (struct mc_timer) {.due = on_sample_timer, .owner = run};
    if (run->limits.wall > 0) {
        mc_loop_arm(loop_of(run), &run->wall_timer, (int64_t) (run->limits.wall * 1e9));
    }
    if (run->limits.memory || run->limits.processes) {
        mc_loop_arm(loop_of(run), &run->sample_timer, SAMPLE_MS * MS);
    }
}

int mc_run_start(struct mc_request *request, mc_err *err)
{
    struct mc_server *server = request->server;
    struct mc_run *run = calloc(1, sizeof *run);
    if (!run || !(run->end = calloc(1, sizeof *run->end))) {
        free(run);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    const struct mc_ask *ask = &request->ask;
    run->request = request;
    run->id = ++server->serial;
    snprintf(run->tag, sizeof run->tag, "%d.%llu", (int) getpid(), (unsigned long long) run->id);
    run->limits = (struct mc_limits) {.wall = ask->wall,
                                      .cpu = ask->cpu,
                                      .memory = ask->memory,
                                      .output = ask->output,
                                      .processes = ask->processes};
    for (int i = 0; i < 2; i++) {
        run->outputs[i] = (struct mc_output) {.run = run, .is_stderr = i == 1, .fd = -1};
    }
    arm_timers(run);
    server->counters.runs++;
    if (launch(run, err) < 0) {
        run_free(run);
        return -1;
    }
    request->run = run;
    return 0;
}

/* ---- its end ---- */

void mc_run_lost(struct mc_run *run, const mc_err *err)
{
    struct mc_request *request = run->request;
    mc_err lost = *err;
    run->ended = true;              /* the slot has dropped it */
    mc_group_kill_tagged(run->tag); /* what had left the runner's sight */
    if (!run->pid && !run->cancelled && run->attempts == 0) {
        int attempts =
            run->attempts + 1; /* nothing of it has happened yet: once more, with a new runner */
        request->run = NULL;
        run_free(run);
        if (mc_run_start(request, &lost) == 0) {
            request->run->attempts = attempts;
            return;
        }
    } else {
        mc_err_set(
            &lost, MC_RUNNER_FAILED, "the process that ran the program ended: %s", err->message);
        mc_err_hint(&lost, "the program was stopped; run the cell again");
    }
    mc_request_fail(request, &lost);
}

/* What Modular's `max` brings beside the compiler: its libraries, by how their symbols begin. */
static bool is_of_max(const char *symbol)
{
    return strncmp(symbol, "AsyncRT_", strlen("AsyncRT_")) == 0 ||
           strncmp(symbol, "MGP_", strlen("MGP_")) == 0;
}

static void describe_missing(const char *symbol, mc_err *ret)
{
    mc_err_set(ret,
               MC_RUNNER_FAILED,
               "the code calls '%s', and no library of the system or the compiler has it",
               symbol);
    if (is_of_max(symbol)) {
        mc_err_hint(ret, "pip install max: nothing else defines it");
    } else {
        mc_err_hint(ret, "open the library that has it with OwnedDLHandle of std.ffi");
    }
}

static void answer(struct mc_run *run)
{
    struct mc_request *request = run->request;
    mc_err err = {0};
    if (run->cancelled) {
        mc_err_set(&err, MC_CANCELLED, "the program was stopped");
        mc_request_fail(request, &err);
        return;
    }
    if (run->end->outcome != MC_RUNNER_RAN) {
        mc_err_set(&err, MC_RUNNER_FAILED, "%s", run->end->message);
        if (run->end->missing[0]) {
            describe_missing(run->end->missing, &err);
        }
        mc_request_fail(request, &err);
        return;
    }
    struct mc_ended ended = {.request = request,
                             .event = run->end,
                             .limits = &run->limits,
                             .killed_by = run->killed_by,
                             .out = {run->outputs[0].bytes, &run->outputs[0].tail},
                             .err = {run->outputs[1].bytes, &run->outputs[1].tail}};
    mc_ended_answer(&ended);
}

void mc_run_event(struct mc_run *run, const struct mc_runner_event *event)
{
    if (event->kind == MC_RUNNER_STARTED) {
        run->pid = event->pid;
        update_flow(run);
        mc_request_event(run->request, "started", json_pack("{s:i}", "pid", (int) event->pid));
        return;
    }
    if (event->kind != MC_RUNNER_ENDED) {
        return;
    }
    *run->end = *event;
    run->ended = true;
    update_flow(run);
    mc_runner_slot_forget(run->slot, run);
    mc_loop_disarm(loop_of(run), &run->kill_timer);
    mc_loop_disarm(loop_of(run), &run->wall_timer);
    if (run->outputs[0].fd < 0 && run->outputs[1].fd < 0) {
        answer(run);
    }
}
