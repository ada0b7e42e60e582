#include "server/compiler.h"

#include "base/fs.h"
#include "base/mem.h"
#include "mojo/command.h"
#include "mojo/toolchain.h"
#include "proc/group.h"
#include "proc/spawn.h"

#include <zmq.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t MOST_OUTPUT = 8 << 20;

int mc_compiler_init(struct mc_compiler *compiler, struct mc_core *core, mc_err *err)
{
    mc_autofree char *tmp = NULL;
    *compiler = (struct mc_compiler) {.core = core,
                                      .out = {.compiler = compiler, .fd = -1},
                                      .err = {.compiler = compiler, .fd = -1}};
    unsigned long long number = ++core->serial;
    if (asprintf(&compiler->dir, "%s/%llu", core->work_dir, number) < 0) {
        compiler->dir = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    compiler->artifact = mc_fs_join(compiler->dir, "artifact.so");
    tmp = mc_fs_join(compiler->dir, "tmp");
    if (!compiler->artifact || !tmp) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    return mc_fs_mkdirs(tmp, 0700, err);
}

static void close_stream(struct mc_compiler_stream *stream)
{
    if (stream->fd >= 0) {
        mc_loop_remove(&stream->compiler->core->loop, &stream->watch);
        close(stream->fd);
        stream->fd = -1;
    }
}

void mc_compiler_give_up(struct mc_compiler *compiler)
{
    if (compiler->child.pid) {
        mc_group_signal(compiler->child.pid, SIGKILL);
        mc_core_forget(&compiler->child);
    }
    close_stream(&compiler->out);
    close_stream(&compiler->err);
    compiler->held = false;
}

void mc_compiler_fini(struct mc_compiler *compiler)
{
    mc_err err;
    if (!compiler->core) {
        return;
    }
    mc_compiler_give_up(compiler);
    mc_buf_fini(&compiler->out.text);
    mc_buf_fini(&compiler->err.text);
    if (compiler->dir && mc_fs_remove(compiler->dir, &err) < 0) {
        mc_log("%s", err.message);
    }
    free(compiler->artifact);
    free(compiler->dir);
}

int mc_compiler_write(const struct mc_compiler *compiler,
                      const char *name,
                      const struct mc_buf *text,
                      mc_err *err)
{
    mc_autofree char *path = mc_fs_join(compiler->dir, name);
    if (!path) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return mc_err_errno(err, MC_IO, "write '%s'", path);
    }
    if (mc_fs_write_all(fd, text->data ? text->data : "", text->length, err) < 0) {
        return mc_err_wrap(err, "'%s'", path);
    }
    return 0;
}

/* Takes what there is. Returns false at the end of the stream. */
static bool read_some(struct mc_compiler_stream *stream)
{
    char chunk[16384];
    ssize_t got = read(stream->fd, chunk, sizeof chunk);
    if (got > 0 && stream->text.length < MOST_OUTPUT) {
        mc_buf_add(&stream->text, chunk, (size_t) got);
    }
    return got > 0 || (got < 0 && errno == EINTR);
}

static void on_output(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_compiler_stream *stream = watch->owner;
    if (!read_some(stream) && errno != EAGAIN) {
        close_stream(stream);
    }
}

/* What the compiler wrote just before it ended; the pipe does not block. */
static void drain(struct mc_compiler_stream *stream)
{
    while (stream->fd >= 0 && read_some(stream)) {
    }
    close_stream(stream);
}

static int open_stream(struct mc_compiler_stream *stream, int *ret_write_end, mc_err *err)
{
    if (mc_core_pipe(&stream->fd, ret_write_end, err) < 0) {
        return -1;
    }
    mc_buf_clear(&stream->text);
    stream->watch = (struct mc_watch) {
        .fd = stream->fd, .events = ZMQ_POLLIN, .ready = on_output, .owner = stream};
    return mc_loop_add(&stream->compiler->core->loop, &stream->watch, err);
}

static void on_end(struct mc_child *child, pid_t pid, int status, const struct rusage *usage)
{
    (void) usage;
    struct mc_compiler *compiler = child->owner;
    mc_group_signal(pid, SIGKILL); /* a linker that outlived it */
    drain(&compiler->out);
    drain(&compiler->err);
    compiler->ended(compiler, status);
}

int mc_compiler_run(struct mc_compiler *compiler,
                    const struct mc_strv *argv,
                    const struct mc_strv *env,
                    mc_err *err)
{
    mc_autoclose int out = -1;
    mc_autoclose int error = -1;
    if (open_stream(&compiler->out, &out, err) < 0 ||
        open_stream(&compiler->err, &error, err) < 0) {
        return -1;
    }
    struct mc_spawn_spec spec = MC_SPAWN_INIT;
    spec.path = argv->items[0];
    spec.argv = argv->items;
    spec.envp = env->items;
    spec.cwd = compiler->dir;
    spec.out = out;
    spec.err = error;
    spec.group = MC_SPAWN_NEW_GROUP;
    spec.death_signal = SIGKILL;
    spec.nice = compiler->nice;
    if (mc_spawn(&spec, &compiler->child.pid, NULL, err) < 0) {
        return -1;
    }
    compiler->child.ended = on_end;
    compiler->child.owner = compiler;
    mc_core_adopt(compiler->core, &compiler->child);
    return 0;
}

int mc_compiler_start(struct mc_compiler *compiler,
                      const struct mc_toolchain *toolchain,
                      const char *entry,
                      const struct mc_strv *flags,
                      mc_err *err)
{
    struct mc_core *core = compiler->core;
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv env = MC_STRV_INIT;
    mc_autofree char *file = mc_fs_join(compiler->dir, entry);
    mc_autofree char *tmp = mc_fs_join(compiler->dir, "tmp");
    mc_autofree char *shim = mc_fs_join(core->options.libexec, "shim");
    if (!file || !tmp || !shim) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    struct mc_compile_spec spec = {.toolchain = toolchain,
                                   .emit = MC_EMIT_SHARED_LIB,
                                   .entry = file,
                                   .output = compiler->artifact,
                                   .module_dir = compiler->dir,
                                   .flags = flags->items,
                                   .shim_dir = shim,
                                   .path = getenv("PATH"),
                                   .tmp_dir = tmp,
                                   .home_dir = getenv("HOME")};
    clock_gettime(CLOCK_REALTIME_COARSE, &compiler->began);
    if (mc_command_build(&spec, &argv, &env, err) < 0) {
        return -1;
    }
    if (mc_compiler_run(compiler, &argv, &env, err) < 0) {
        return mc_err_wrap(err, "start the compiler");
    }
    core->counters.compilations++;
    if (compiler->held) {
        mc_group_signal(compiler->child.pid, SIGSTOP);
    }
    return 0;
}

void mc_compiler_hold(struct mc_compiler *compiler, bool held)
{
    if (compiler->held != held && compiler->child.pid) {
        mc_group_signal(compiler->child.pid, held ? SIGSTOP : SIGCONT);
    }
    compiler->held = held;
}

bool mc_compiler_set_nice(struct mc_compiler *compiler, int nice)
{
    bool follows = compiler->nice == nice || !compiler->child.pid ||
                   setpriority(PRIO_PGRP, (id_t) compiler->child.pid, nice) == 0;
    compiler->nice = nice;
    return follows;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

bool mc_compiler_answered_from_cache(const struct mc_compiler *compiler)
{
    char path[PATH_MAX];
    const char *home = getenv("HOME");
    snprintf(path, sizeof path, "%s/.cache/modular/.mojo_cache/mojo/transform", home ? home : "");
    DIR *dir = opendir(path);
    if (!dir) {
        return false;
    }
    bool written = false;
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        struct stat st;
        if (strcmp(entry->d_name, "..") != 0 && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0) {
            written |= !is_before(&st.st_mtim, &compiler->began);
        }
    }
    closedir(dir);
    return !written;
}
