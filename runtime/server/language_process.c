#include "server/language_process.h"

#include "base/mem.h"
#include "proc/group.h"
#include "proc/spawn.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void lose(struct mc_language_process *process, const char *why)
{
    mc_log("the language server %s", why);
    mc_language_process_stop(process);
    mc_loop_post(&process->core->loop, &process->lost);
}

static void on_lost(struct mc_task *task)
{
    struct mc_language_process *process = task->owner;
    process->ended(process);
}

void mc_language_process_init(struct mc_language_process *process, struct mc_core *core)
{
    process->core = core;
    process->in = process->out = -1;
    process->lost = (struct mc_task) {.go = on_lost, .owner = process};
}

bool mc_language_process_runs(const struct mc_language_process *process)
{
    return process->child.pid != 0;
}

static void close_one(struct mc_language_process *process, int *fd, struct mc_watch *watch)
{
    if (*fd >= 0) {
        mc_loop_remove(&process->core->loop, watch);
        close(*fd);
        *fd = -1;
    }
}

void mc_language_process_stop(struct mc_language_process *process)
{
    if (process->child.pid) {
        mc_group_signal(process->child.pid, SIGKILL);
        mc_core_forget(&process->child);
    }
    mc_task_withdraw(&process->lost);
    close_one(process, &process->in, &process->in_watch);
    close_one(process, &process->out, &process->out_watch);
    mc_buf_fini(&process->outgoing);
    mc_frames_fini(&process->incoming);
    process->outgoing = process->incoming.bytes = MC_BUF_INIT;
}

/* ---- what it says ---- */

static void take_messages(struct mc_language_process *process)
{
    mc_err err = {0};
    json_t *message;
    int got = 0;
    while (mc_language_process_runs(process) &&
           (got = mc_frames_next(&process->incoming, &message, &err)) > 0) {
        process->message(process, message);
        json_decref(message);
    }
    if (got < 0) {
        lose(process, err.message);
    }
}

static void on_output(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_language_process *process = watch->owner;
    char chunk[65536];
    ssize_t got = read(process->out, chunk, sizeof chunk);
    if (got > 0) {
        mc_frames_add(&process->incoming, chunk, (size_t) got);
        take_messages(process);
    } else if (got == 0) {
        lose(process, "closed its output");
    } else if (errno != EAGAIN && errno != EINTR) {
        lose(process, "cannot be read");
    }
}

/* ---- what is said to it ---- */

/* What it does not take now it gets when it does. */
static void on_input(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_language_process *process = watch->owner;
    ssize_t put = write(process->in, process->outgoing.data, process->outgoing.length);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        lose(process, "does not read");
        return;
    }
    mc_buf_consume(&process->outgoing, put > 0 ? (size_t) put : 0);
    process->in_watch.events = process->outgoing.length > 0 ? ZMQ_POLLOUT : 0;
}

int mc_language_process_say(struct mc_language_process *process, json_t *message, mc_err *err)
{
    if (mc_frames_write(message, &process->outgoing, err) < 0) {
        return -1;
    }
    process->in_watch.events = ZMQ_POLLOUT;
    return 0;
}

/* ---- its life ---- */

static void on_end(struct mc_child *child, pid_t pid, int status, const struct rusage *usage)
{
    (void) status;
    (void) usage;
    mc_group_signal(pid, SIGKILL); /* what it started and left */
    lose(child->owner, "ended");
}

/* Pipes of which our ends do not block. */
static int open_pipes(struct mc_language_process *process, int *ret_in, int *ret_out, mc_err *err)
{
    if (mc_core_pipe(&process->out, ret_out, err) < 0 ||
        mc_core_pipe(ret_in, &process->in, err) < 0) {
        return -1;
    }
    fcntl(*ret_in, F_SETFL, 0);
    fcntl(process->in, F_SETFL, O_NONBLOCK);
    process->out_watch = (struct mc_watch) {
        .fd = process->out, .events = ZMQ_POLLIN, .ready = on_output, .owner = process};
    process->in_watch = (struct mc_watch) {.fd = process->in, .ready = on_input, .owner = process};
    if (mc_loop_add(&process->core->loop, &process->out_watch, err) < 0) {
        return -1;
    }
    return mc_loop_add(&process->core->loop, &process->in_watch, err);
}

int mc_language_process_start(struct mc_language_process *process,
                              const struct mc_strv *argv,
                              const struct mc_strv *env,
                              const char *dir,
                              mc_err *err)
{
    mc_autoclose int in = -1;
    mc_autoclose int out = -1;
    struct mc_spawn_spec spec = MC_SPAWN_INIT;
    int r = open_pipes(process, &in, &out, err);
    if (r == 0) {
        spec.path = argv->items[0];
        spec.argv = argv->items;
        spec.envp = env->items;
        spec.cwd = dir;
        spec.in = in;
        spec.out = out;
        spec.group = MC_SPAWN_NEW_GROUP;
        spec.death_signal = SIGKILL;
        r = mc_spawn(&spec, &process->child.pid, NULL, err);
    }
    if (r < 0) {
        mc_language_process_stop(process);
        return mc_err_wrap(err, "start the language server");
    }
    process->child.ended = on_end;
    process->child.owner = process;
    mc_core_adopt(process->core, &process->child);
    process->core->counters.language_servers++;
    return 0;
}
