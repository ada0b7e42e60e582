#include "server/run.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "mojo/output_paths.h"
#include "mojo/toolchain.h"
#include "proc/group.h"
#include "runner/runner_link.h"
#include "server/run_stop.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int64_t MS = 1000000;
enum {
    CHUNK = 64 * 1024,
    TAIL = 16 * 1024,
    HELD_MOST = 16 * 1024,
    YOUNG_MS = 5,
};

struct mc_output {
    struct mc_run *run;
    bool is_stderr;
    int fd; /* -1 after its end */
    struct mc_watch watch;
    int64_t bytes;
    struct mc_buf tail; /* the last of it, where a crash leaves its words */
};

struct mc_run {
    struct mc_runner_slots *slots;
    struct mc_run_spec spec;
    struct mc_run_user *user;
    struct mc_runner_slot *slot;
    struct mc_slot_run in_slot;
    char tag[MC_TAG_MAX + 1];
    pid_t pid; /* 0 until started */
    bool ended;
    struct mc_runner_event *end;
    mc_err error;
    struct mc_output outputs[2]; /* stdout, stderr */
    int64_t unacknowledged;
    int64_t started_at; /* mc_os_now(); 0 until then */
    struct mc_buf held; /* output that waits for more, or for the end */
    bool held_is_stderr;
    bool cancelled;
    bool retried;
    struct mc_timer held_timer;
    struct mc_run_stop stop;
};

static struct mc_loop *loop_of(const struct mc_run *run)
{
    return &run->slots->core->loop;
}

static void close_output(struct mc_output *output)
{
    if (output->fd >= 0) {
        mc_loop_remove(loop_of(output->run), &output->watch);
        close(output->fd);
        output->fd = -1;
    }
}

static void disarm_timers(struct mc_run *run)
{
    mc_run_stop_disarm(&run->stop);
    mc_loop_disarm(&run->held_timer);
}

void mc_run_free(struct mc_run *run)
{
    if (!run) {
        return;
    }
    if (!run->ended) {
        mc_runner_slot_signal(run->slot, &run->in_slot, SIGKILL);
    }
    mc_runner_slot_forget(&run->in_slot);
    mc_waiter_withdraw(&run->user->waiter);
    disarm_timers(run);
    for (int i = 0; i < 2; i++) {
        close_output(&run->outputs[i]);
        mc_buf_fini(&run->outputs[i].tail);
    }
    mc_buf_fini(&run->held);
    free(run->end);
    free(run);
}

/* ---- what it says ---- */

static void update_flow(struct mc_run *run)
{
    int64_t window = run->spec.window;
    bool waits = !run->pid && !run->ended; /* no peer gets output before `started` */
    bool paused = waits || (window > 0 && run->unacknowledged >= window && !run->cancelled);
    for (int i = 0; i < 2; i++) {
        run->outputs[i].watch.events = paused ? 0 : ZMQ_POLLIN;
    }
}

void mc_run_cancel(struct mc_run *run)
{
    run->cancelled = true;
    update_flow(run); /* whoever cancels need not acknowledge any more */
    mc_run_stop_now(&run->stop);
}

void mc_run_credit(struct mc_run *run, int64_t bytes)
{
    if (bytes > 0) {
        run->unacknowledged = bytes < run->unacknowledged ? run->unacknowledged - bytes : 0;
        update_flow(run);
    }
}

static void keep_tail(struct mc_output *output, const char *bytes, size_t length)
{
    mc_buf_add(&output->tail, bytes, length);
    if (output->tail.length > 2 * TAIL) {
        mc_buf_consume(&output->tail, output->tail.length - TAIL);
    }
}

static void let_go(struct mc_run *run)
{
    mc_loop_disarm(&run->held_timer);
    if (run->held.length) {
        run->user->output(run->user, run->held_is_stderr, run->held.data, run->held.length);
        mc_buf_clear(&run->held);
    }
}

static void on_held_timer(struct mc_timer *timer)
{
    let_go(timer->owner);
}

/* What a program prints as it begins is told with what comes next, mostly its end: a message alone
 * wakes four threads, which a short program would have to share the processors with. */
static void hold(struct mc_run *run, bool is_stderr, const char *bytes, size_t length)
{
    if (run->held.length && run->held_is_stderr != is_stderr) {
        let_go(run);
    }
    run->held_is_stderr = is_stderr;
    mc_buf_add(&run->held, bytes, length);
    if (run->held.failed) { /* what it had before is there */
        run->held.failed = false;
        let_go(run);
        run->user->output(run->user, is_stderr, bytes, length);
    } else if (run->held.length >= HELD_MOST || mc_os_now() - run->started_at > YOUNG_MS * MS) {
        let_go(run);
    } else if (!mc_timer_armed(&run->held_timer)) {
        mc_loop_arm(loop_of(run), &run->held_timer, MS);
    }
}

/* Sends it on, as far as the limit of output allows. */
static void pass_on(struct mc_output *output, const char *bytes, size_t length)
{
    struct mc_run *run = output->run;
    int64_t left = run->spec.limits.output - (run->outputs[0].bytes + run->outputs[1].bytes);
    if ((int64_t) length > left) {
        length = left > 0 ? (size_t) left : 0;
        mc_run_stop_exceeded(&run->stop, MC_LIMIT_OUTPUT);
    }
    if (!length) {
        return;
    }
    output->bytes += (int64_t) length;
    run->unacknowledged += (int64_t) length;
    hold(run, output->is_stderr, bytes, length);
}

static void take(struct mc_output *output, const char *bytes, size_t length)
{
    const struct mc_output_paths *paths = output->run->spec.output_paths;
    keep_tail(output, bytes, length);
    if (!mc_output_paths_any(paths, bytes, length)) {
        pass_on(output, bytes, length);
        return;
    }
    mc_autobuf rewritten = MC_BUF_INIT;
    mc_output_paths_rewrite(paths, bytes, length, &rewritten);
    if (!rewritten.failed) {
        pass_on(output, rewritten.data, rewritten.length);
    }
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

/* Why it cannot be told as a program that ran; nothing where it can. */
static void set_error(struct mc_run *run)
{
    if (run->cancelled) {
        mc_err_set(&run->error, MC_CANCELLED, "the program was stopped");
    } else if (!run->error.code && run->end->outcome != MC_RUNNER_RAN) {
        mc_err_set(&run->error, MC_RUNNER_FAILED, "%s", run->end->message);
        if (run->end->missing[0]) {
            describe_missing(run->end->missing, &run->error);
        }
    }
}

static void wake(struct mc_run *run)
{
    let_go(run);
    set_error(run);
    mc_loop_post(loop_of(run), &run->user->waiter.task);
}

static void wake_where_over(struct mc_run *run)
{
    if (run->ended && run->outputs[0].fd < 0 && run->outputs[1].fd < 0) {
        wake(run);
    }
}

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
    wake_where_over(run);
}

/* ---- how it began ---- */

static int open_outputs(struct mc_run *run, int ret_ends[2], mc_err *err)
{
    for (int i = 0; i < 2; i++) {
        if (mc_core_pipe(&run->outputs[i].fd, &ret_ends[i], err) < 0) {
            return -1;
        }
        run->outputs[i].watch = (struct mc_watch) {
            .fd = run->outputs[i].fd, .events = 0, .ready = on_output, .owner = &run->outputs[i]};
        if (mc_loop_add(loop_of(run), &run->outputs[i].watch, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Standard input as a file in memory: no writer has to wait for the program. -1 in *ret_fd where
 * there is none. */
static int open_input(const struct mc_run_spec *spec, int *ret_fd, mc_err *err)
{
    *ret_fd = -1;
    if (!spec->input) {
        return 0;
    }
    mc_autoclose int fd = mc_os_memory_file("stdin");
    if (fd < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make the standard input");
    }
    if (mc_fs_write_all(fd, spec->input, spec->input_length, err) < 0) {
        return mc_err_wrap(err, "keep the standard input in memory");
    }
    lseek(fd, 0, SEEK_SET);
    *ret_fd = mc_take_fd(&fd);
    return 0;
}

static void copy_arguments(const struct mc_run_spec *spec, struct mc_strv *ret)
{
    size_t i;
    json_t *value;
    json_array_foreach(spec->args, i, value)
    {
        mc_strv_add(ret, json_string_value(value));
    }
}

/* A runner may have died just now, before anybody noticed: the next one takes it. */
static int hand_over(struct mc_run *run, const struct mc_runner_run *request, mc_err *err)
{
    for (bool again = false;; again = true) {
        if (mc_runner_slot_get(run->slots, run->spec.toolchain, &run->slot, err) < 0) {
            return -1;
        }
        int handed = mc_runner_slot_run(run->slot, &run->in_slot, request, err);
        if (handed == 0 || again || err->code != MC_RUNNER_FAILED) {
            return handed;
        }
        mc_runner_slot_bury(run->slot, err);
    }
}

static int send_to_runner(struct mc_run *run, const int fds[3], mc_err *err)
{
    const struct mc_run_spec *spec = &run->spec;
    mc_autostrv args = MC_STRV_INIT;
    mc_autofree char *library_dir = mc_fs_join(spec->toolchain->root, "lib");
    char *none[] = {NULL};
    copy_arguments(spec, &args);
    if (library_dir == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_strv_check(&args, err) < 0) {
        return -1;
    }
    uint64_t id = ++run->slots->core->serial;
    snprintf(run->tag, sizeof run->tag, "%d.%llu", (int) getpid(), (unsigned long long) id);
    struct mc_runner_run request = {.id = id,
                                    .artifact = spec->artifact,
                                    .name = spec->name,
                                    .args = (const char *const *) args.items,
                                    .envp = (const char *const *) (spec->envp ? spec->envp : none),
                                    .cwd = spec->cwd,
                                    .umask = spec->umask,
                                    .in = fds[0],
                                    .out = fds[1],
                                    .err = fds[2],
                                    .tag = run->tag,
                                    .limits = spec->limits,
                                    .library_dir = library_dir,
                                    .worker = spec->worker,
                                    .fresh = spec->fresh};
    return hand_over(run, &request, err);
}

static int launch(struct mc_run *run, mc_err *err)
{
    int fds[3] = {-1, -1, -1};
    int result = open_input(&run->spec, &fds[0], err);
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

/* ---- its end ---- */

static void end(struct mc_run *run)
{
    run->ended = true;
    mc_runner_slot_forget(&run->in_slot);
    disarm_timers(run);
    update_flow(run);
}

static void on_event(struct mc_slot_run *in_slot, const struct mc_runner_event *event)
{
    struct mc_run *run = MC_OF(in_slot, struct mc_run, in_slot);
    if (event->kind == MC_RUNNER_STARTED) {
        run->pid = event->pid;
        run->started_at = mc_os_now();
        update_flow(run);
        run->user->started(run->user, event->pid);
    } else if (event->kind == MC_RUNNER_ENDED) {
        *run->end = *event;
        end(run);
        wake_where_over(run);
    }
}

/* Nothing of it has happened yet: once more, with a new runner. */
static bool retry(struct mc_run *run, mc_err *err)
{
    if (run->pid || run->cancelled || run->stop.killed_by || run->retried) {
        return false;
    }
    run->retried = true;
    for (int i = 0; i < 2; i++) {
        close_output(&run->outputs[i]);
    }
    return launch(run, err) == 0;
}

static void on_lost(struct mc_slot_run *in_slot, const mc_err *why)
{
    struct mc_run *run = MC_OF(in_slot, struct mc_run, in_slot);
    mc_err err = *why;
    mc_group_kill_tagged(run->tag); /* what had left the runner's sight */
    if (retry(run, &err)) {
        return;
    }
    if (run->stop.killed_by) { /* by way of the runner, which did not answer */
        *run->end = (struct mc_runner_event) {
            .kind = MC_RUNNER_ENDED, .outcome = MC_RUNNER_RAN, .status = SIGKILL};
    } else if (run->pid) {
        mc_err_set(&run->error,
                   MC_RUNNER_FAILED,
                   "the process that ran the program ended: %s",
                   why->message);
        mc_err_hint(&run->error, "the program was stopped; run the cell again");
    } else {
        run->error = err;
    }
    end(run);
    for (int i = 0; i < 2; i++) {
        close_output(&run->outputs[i]);
    }
    wake(run);
}

void mc_run_result(const struct mc_run *run, struct mc_run_result *ret)
{
    *ret = (struct mc_run_result) {.error = run->error.code ? &run->error : NULL,
                                   .event = run->end,
                                   .limits = &run->spec.limits,
                                   .killed_by = run->stop.killed_by,
                                   .out = {run->outputs[0].bytes, &run->outputs[0].tail},
                                   .err = {run->outputs[1].bytes, &run->outputs[1].tail}};
}

/* ---- its beginning ---- */

int mc_run_start(struct mc_runner_slots *slots,
                 const struct mc_run_spec *spec,
                 struct mc_run_user *user,
                 struct mc_run **ret,
                 mc_err *err)
{
    struct mc_run *run = mc_new(struct mc_run);
    if (!run || !(run->end = mc_new(struct mc_runner_event))) {
        free(run);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    run->slots = slots;
    run->spec = *spec;
    run->user = user;
    run->in_slot = (struct mc_slot_run) {.event = on_event, .lost = on_lost};
    run->stop = (struct mc_run_stop) {.loop = loop_of(run),
                                      .limits = &run->spec.limits,
                                      .tag = run->tag,
                                      .pid = &run->pid,
                                      .ended = &run->ended,
                                      .slot = &run->slot,
                                      .in_slot = &run->in_slot};
    mc_run_stop_init(&run->stop);
    run->held_timer = (struct mc_timer) {.due = on_held_timer, .owner = run};
    for (int i = 0; i < 2; i++) {
        run->outputs[i] = (struct mc_output) {.run = run, .is_stderr = i == 1, .fd = -1};
    }
    slots->core->counters.runs++;
    if (launch(run, err) < 0) {
        run->ended = true; /* it never began */
        mc_run_free(run);
        return -1;
    }
    mc_run_stop_arm(&run->stop);
    *ret = run;
    return 0;
}
