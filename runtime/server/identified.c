#include "server/identified.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/toolchain.h"
#include "proc/group.h"
#include "proc/spawn.h"
#include "server/runner_slot.h"
#include "server/steps.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int add_stamp(const char *root, const char *name, int64_t ret[MC_STAMP_FILE], mc_err *err)
{
    struct stat st;
    mc_autofree char *path = mc_fs_join(root, name);
    if (!path) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (stat(path, &st) < 0) {
        return mc_err_errno(err, MC_TOOLCHAIN_NOT_FOUND, "look at '%s'", path);
    }
    ret[0] = (int64_t) st.st_dev;
    ret[1] = (int64_t) st.st_ino;
    ret[2] = st.st_size;
    ret[3] = (int64_t) st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    return 0;
}

/* The compiler, and the directory of Mojo's packages: max puts its own there. */
static int stamp_of(const char *root, int64_t ret_stamp[MC_STAMP], mc_err *err)
{
    if (add_stamp(root, "bin/mojo", ret_stamp, err) < 0) {
        return -1;
    }
    return add_stamp(root, "lib/mojo", ret_stamp + MC_STAMP_FILE, err);
}

static struct mc_identified *
find(struct mc_server *server, const char *root, const int64_t stamp[MC_STAMP])
{
    for (struct mc_identified *one = server->identified; one; one = one->next) {
        if (strcmp(one->root, root) == 0 && memcmp(one->stamp, stamp, sizeof one->stamp) == 0) {
            return one;
        }
    }
    return NULL;
}

static void identified_free(struct mc_identified *one)
{
    mc_loop_remove(&one->server->loop, &one->watch);
    if (one->fd >= 0) {
        close(one->fd);
    }
    if (one->child.pid) {
        mc_group_signal(one->child.pid, SIGKILL);
        mc_server_forget(one->server, &one->child);
    }
    mc_buf_fini(&one->answer);
    mc_toolchain_free(one->toolchain);
    free(one->root);
    free(one);
}

static void unlink_identified(struct mc_identified *one)
{
    struct mc_identified **link = &one->server->identified;
    while (*link != one) {
        link = &(*link)->next;
    }
    *link = one->next;
}

/* The child prints either a toolchain or {"error": {code, message, hint}}. */
static int read_answer(struct mc_identified *one, mc_err *err)
{
    json_error_t ignored;
    json_t *answer =
        json_loadb(one->answer.data ? one->answer.data : "", one->answer.length, 0, &ignored);
    const json_t *failure = json_object_get(answer, "error");
    int result;
    if (!answer) {
        result = mc_err_set(
            err, MC_TOOLCHAIN_FAILED, "the compiler at '%s' could not be identified", one->root);
    } else if (failure) {
        mc_err_set(err,
                   mc_code_from_name(json_string_value(json_object_get(failure, "code"))),
                   "%s",
                   json_string_value(json_object_get(failure, "message")));
        result = mc_err_hint(err, "%s", json_string_value(json_object_get(failure, "hint")));
    } else {
        result = mc_toolchain_from_json(answer, &one->toolchain, err);
    }
    json_decref(answer);
    return result;
}

static void wake_waiters(struct mc_identified *one)
{
    while (one->waiters) {
        struct mc_request *request = one->waiters;
        one->waiters = request->next_waiter;
        request->next_waiter = NULL;
        request->identified = NULL;
        if (one->failed) {
            mc_request_fail(request, &one->error);
        } else {
            request->times.identify = mc_os_now() - request->began;
            request->toolchain = one->toolchain;
            mc_request_advance(request);
        }
    }
}

static void over(struct mc_identified *one)
{
    one->failed = read_answer(one, &one->error) < 0;
    mc_buf_fini(&one->answer);
    if (one->failed) {
        mc_log("identify '%s': %s", one->root, one->error.message);
        unlink_identified(one); /* the next request asks anew */
        wake_waiters(one);
        identified_free(one);
        return;
    }
    struct mc_runner_slot *slot;
    mc_err err;
    if (mc_runner_slot_get(one->server, one->toolchain, &slot, &err) < 0) {
        mc_log("start a runner early: %s", err.message);
    }
    wake_waiters(one);
}

static void on_answer(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_identified *one = watch->owner;
    char chunk[4096];
    ssize_t got = read(one->fd, chunk, sizeof chunk);
    if (got > 0) {
        mc_buf_add(&one->answer, chunk, (size_t) got);
        return;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    mc_loop_remove(&one->server->loop, &one->watch);
    close(one->fd);
    one->fd = -1;
    over(one);
}

/* The answer's end of file is what counts; the child's own end is only reaped. */
static void on_child_end(struct mc_child *child, pid_t pid, int status, const struct rusage *usage)
{
    (void) pid;
    (void) usage;
    struct mc_identified *one = child->owner;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        mc_log("identifying '%s' ended with status %d", one->root, status);
    }
}

static int start_child(struct mc_identified *one, mc_err *err)
{
    mc_autofree char *daemon = NULL;
    int fds[2];
    if (asprintf(&daemon, "%s/mojocelld", one->server->options.libexec) < 0) {
        daemon = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_autostrv argv = MC_STRV_INIT;
    mc_strv_add(&argv, daemon);
    mc_strv_addf(&argv, "--identify=%s", one->root);
    mc_strv_addf(&argv, "--memo=%s", one->server->options.cache_dir);
    if (mc_strv_check(&argv, err) < 0) {
        return -1;
    }
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "pipe");
    }
    struct mc_spawn_spec spec = MC_SPAWN_INIT;
    spec.path = daemon;
    spec.argv = argv.items;
    spec.out = fds[1];
    spec.err = STDERR_FILENO;
    spec.group = MC_SPAWN_NEW_GROUP;
    spec.death_signal = SIGKILL;
    int result = mc_spawn(&spec, &one->child.pid, NULL, err);
    close(fds[1]);
    if (result < 0) {
        close(fds[0]);
        return mc_err_wrap(err, "identify the compiler");
    }
    one->fd = fds[0];
    one->child.ended = on_child_end;
    one->child.owner = one;
    mc_server_adopt(one->server, &one->child);
    one->watch =
        (struct mc_watch) {.fd = one->fd, .events = ZMQ_POLLIN, .ready = on_answer, .owner = one};
    return mc_loop_add(&one->server->loop, &one->watch, err);
}

static struct mc_identified *
begin(struct mc_server *server, const char *root, const int64_t stamp[MC_STAMP], mc_err *err)
{
    struct mc_identified *one = calloc(1, sizeof *one);
    if (!one || !(one->root = strdup(root))) {
        free(one);
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    one->server = server;
    one->fd = -1;
    memcpy(one->stamp, stamp, sizeof one->stamp);
    if (start_child(one, err) < 0) {
        identified_free(one);
        return NULL;
    }
    one->next = server->identified;
    server->identified = one;
    return one;
}

static int environment_of(const json_t *object, struct mc_strv *ret)
{
    const char *name;
    json_t *value;
    mc_err err;
    json_object_foreach((json_t *) object, name, value)
    {
        mc_strv_addf(ret, "%s=%s", name, json_string_value(value));
    }
    return mc_strv_check(ret, &err);
}

static int find_root(struct mc_request *request, mc_err *err)
{
    mc_autostrv env = MC_STRV_INIT;
    mc_autostrv sites = MC_STRV_INIT;
    size_t i;
    json_t *site;
    json_array_foreach(request->ask.sites, i, site)
    {
        mc_strv_add(&sites, json_string_value(site));
    }
    if (environment_of(request->ask.env, &env) < 0 || mc_strv_check(&sites, err) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    struct mc_toolchain_hints hints = {
        .explicit_path = request->ask.toolchain, .sites = sites.items, .envp = env.items};
    return mc_toolchain_find(&hints, &request->toolchain_root, &request->toolchain_how, err);
}

int mc_identified_find(struct mc_request *request, mc_err *err)
{
    struct mc_server *server = request->server;
    int64_t stamp[MC_STAMP];
    if (find_root(request, err) < 0 || stamp_of(request->toolchain_root, stamp, err) < 0) {
        return -1;
    }
    struct mc_identified *one = find(server, request->toolchain_root, stamp);
    if (!one) {
        one = begin(server, request->toolchain_root, stamp, err);
    }
    if (!one) {
        return -1;
    }
    if (one->toolchain) {
        request->toolchain = one->toolchain;
        return 0;
    }
    request->identified = one;
    request->next_waiter = one->waiters;
    one->waiters = request;
    return 1;
}

void mc_identified_leave(struct mc_request *request)
{
    if (!request->identified) {
        return;
    }
    struct mc_request **link = &request->identified->waiters;
    while (*link != request) {
        link = &(*link)->next_waiter;
    }
    *link = request->next_waiter;
    request->next_waiter = NULL;
    request->identified = NULL;
}

void mc_identified_free_all(struct mc_server *server)
{
    while (server->identified) {
        struct mc_identified *one = server->identified;
        server->identified = one->next;
        identified_free(one);
    }
}

int mc_identified_child(const char *root, const char *memo_dir)
{
    mc_err err = {0};
    struct mc_toolchain *toolchain = NULL;
    json_t *answer;
    if (mc_toolchain_identify(root, memo_dir, &toolchain, &err) < 0) {
        answer =
            json_pack("{s:o}", "error", mc_failure(mc_code_name(err.code), err.message, err.hint));
    } else {
        answer = NULL;
        if (mc_toolchain_to_json(toolchain, &answer, &err) < 0) {
            answer = NULL;
        }
    }
    int status =
        answer && json_dumpf(answer, stdout, JSON_COMPACT) == 0 && fflush(stdout) == 0 ? 0 : 1;
    json_decref(answer);
    mc_toolchain_free(toolchain);
    return status;
}
