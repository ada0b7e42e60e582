#include "server/run.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "mojo/output_paths.h"
#include "mojo/toolchain.h"
#include "proc/group.h"
#include "runner/runner_link.h"
#include "server/run_input.h"
#include "server/run_output.h"
#include "server/run_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    struct mc_run_output output;
    struct mc_run_input input;
    bool cancelled;
    bool retried;
    struct mc_run_stop stop;
};

static struct mc_loop *loop_of(const struct mc_run *run)
{
    return &run->slots->core->loop;
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
    mc_run_stop_disarm(&run->stop);
    mc_run_output_fini(&run->output);
    mc_run_input_fini(&run->input);
    free(run->end);
    free(run);
}

/* ---- what it says ---- */

static void tell(void *owner, const struct mc_printed *printed)
{
    struct mc_run *run = owner;
    run->user->output(run->user, printed);
}

static void on_exceeded(void *owner)
{
    struct mc_run *run = owner;
    mc_run_stop_exceeded(&run->stop, MC_LIMIT_OUTPUT);
}

/* Before it is told that the program has started, nothing is asked for. */
static void on_waits(void *owner)
{
    struct mc_run *run = owner;
    if (run->pid && !run->cancelled) {
        mc_run_stop_hold(&run->stop);
        mc_run_output_drain(&run->output);
        run->user->asks(run->user);
    }
}

void mc_run_answer(struct mc_run *run, const void *bytes, size_t length)
{
    mc_err err;
    if (!run->input.is_waiting) {
        return;
    }
    mc_run_stop_go_on(&run->stop);
    if (mc_run_input_answer(&run->input, bytes, length, &err) < 0) {
        run->error = err;
        mc_run_stop_now(&run->stop);
    }
}

void mc_run_cancel(struct mc_run *run)
{
    run->cancelled = true;
    mc_run_output_unbind(&run->output);
    mc_run_stop_now(&run->stop);
}

void mc_run_credit(struct mc_run *run, int64_t bytes)
{
    mc_run_output_credit(&run->output, bytes);
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
    mc_run_output_let_go(&run->output);
    set_error(run);
    mc_loop_post(loop_of(run), &run->user->waiter.task);
}

static void wake_where_over(void *owner)
{
    struct mc_run *run = owner;
    if (run->ended && mc_run_output_is_over(&run->output)) {
        wake(run);
    }
}

/* ---- how it began ---- */

/* Whoever types there types for the program: reading is nobody else's meanwhile. Not the daemon's
 * own terminal from then on; -1 where it is none. */
static int open_terminal(const char *path)
{
    mc_autoclose int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    bool usable = fd >= 0 && isatty(fd) && fcntl(fd, F_SETFL, O_RDONLY) == 0;
    return usable ? mc_take_fd(&fd) : -1;
}

static bool asks(const struct mc_run_spec *spec)
{
    return spec->asks && !spec->input && !spec->terminal;
}

/* Standard input as a file in memory: no writer has to wait for the program. -1 in *ret_fd where
 * there is none. */
static int open_input(struct mc_run *run, int *ret_fd, mc_err *err)
{
    const struct mc_run_spec *spec = &run->spec;
    *ret_fd = !spec->input && spec->terminal ? open_terminal(spec->terminal) : -1;
    if (asks(spec)) {
        return mc_run_input_open(&run->input, ret_fd, err);
    }
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

static int send_to_runner(struct mc_run *run, const int fds[4], mc_err *err)
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
                                    .order = fds[3],
                                    .tag = run->tag,
                                    .limits = spec->limits,
                                    .library_dir = library_dir,
                                    .worker = spec->worker,
                                    .fresh = spec->fresh,
                                    .asks = asks(spec)};
    return hand_over(run, &request, err);
}

static int launch(struct mc_run *run, mc_err *err)
{
    int fds[4] = {-1, -1, -1, -1};
    int result = open_input(run, &fds[0], err);
    if (result == 0) {
        result = mc_run_output_open(&run->output, fds + 1, fds + 3, err);
    }
    if (result == 0) {
        result = send_to_runner(run, fds, err);
    }
    for (int i = 0; i < 4; i++) {
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
    mc_run_stop_disarm(&run->stop);
    mc_run_input_close(&run->input);
    mc_run_output_flow(&run->output);
}

static void on_event(struct mc_slot_run *in_slot, const struct mc_runner_event *event)
{
    struct mc_run *run = MC_OF(in_slot, struct mc_run, in_slot);
    if (event->kind == MC_RUNNER_STARTED) {
        run->pid = event->pid;
        mc_run_output_flow(&run->output); /* no peer gets output before `started` */
        run->user->started(run->user, event->pid);
        if (run->input.is_waiting) {
            on_waits(run);
        }
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
    mc_run_output_close(&run->output);
    mc_run_input_close(&run->input);
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
    mc_run_output_close(&run->output);
    wake(run);
}

void mc_run_result(const struct mc_run *run, struct mc_run_result *ret)
{
    const struct mc_run_stream *streams = run->output.streams;
    *ret = (struct mc_run_result) {.error = run->error.code ? &run->error : NULL,
                                   .event = run->end,
                                   .limits = &run->spec.limits,
                                   .killed_by = run->stop.killed_by,
                                   .out = {streams[0].told, &streams[0].tail},
                                   .err = {streams[1].told, &streams[1].tail}};
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
    run->output = (struct mc_run_output) {.loop = loop_of(run),
                                          .paths = spec->output_paths,
                                          .limit = spec->limits.output,
                                          .window = spec->window,
                                          .owner = run,
                                          .tell = tell,
                                          .exceeded = on_exceeded,
                                          .over = wake_where_over};
    mc_run_output_init(&run->output);
    run->input = (struct mc_run_input) {.loop = loop_of(run), .owner = run, .waits = on_waits};
    mc_run_input_init(&run->input);
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
