#include "server/toolchains.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/toolchain.h"
#include "proc/group.h"
#include "proc/spawn.h"
#include "server/failure.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MC_STAMP_FILE 4 /* device, inode, size and change time */
#define MC_STAMP      (2 * MC_STAMP_FILE)

struct mc_toolchain_entry {
    struct mc_toolchains *home;
    struct mc_node node;
    char *root;
    int64_t stamp[MC_STAMP];        /* of bin/mojo and lib/mojo */
    struct mc_toolchain *toolchain; /* NULL until known */
    bool failed;
    mc_err error; /* where it could not be */
    struct mc_child child;
    struct mc_watch watch; /* the child's answer */
    int fd;
    struct mc_buf answer;
    struct mc_list waiters;
    int users; /* waiting, or woken and not yet gone */
};

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

static struct mc_toolchain_entry *
find(struct mc_toolchains *all, const char *root, const int64_t stamp[MC_STAMP])
{
    MC_LIST_EACH(&all->all, struct mc_toolchain_entry, one, node)
    {
        if (strcmp(one->root, root) == 0 && memcmp(one->stamp, stamp, sizeof one->stamp) == 0) {
            return one;
        }
    }
    return NULL;
}

static void entry_free(struct mc_toolchain_entry *one)
{
    mc_node_remove(&one->node);
    mc_loop_remove(&one->home->core->loop, &one->watch);
    if (one->fd >= 0) {
        close(one->fd);
    }
    if (one->child.pid) {
        mc_group_signal(one->child.pid, SIGKILL);
    }
    mc_core_forget(&one->child);
    mc_buf_fini(&one->answer);
    mc_toolchain_free(one->toolchain);
    free(one->root);
    free(one);
}

/* The child prints either a toolchain or {"error": {code, message, hint}}. */
static int read_answer(struct mc_toolchain_entry *one, mc_err *err)
{
    json_error_t ignored;
    json_t *answer =
        mc_json_read(one->answer.data ? one->answer.data : "", one->answer.length, 0, &ignored);
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

/* The next one who needs a compiler that could not be identified asks anew. */
static void over(struct mc_toolchain_entry *one)
{
    one->failed = read_answer(one, &one->error) < 0;
    mc_buf_fini(&one->answer);
    if (one->failed) {
        mc_log("identify '%s': %s", one->root, one->error.message);
        mc_node_remove(&one->node);
    }
    mc_waiters_wake(&one->home->core->loop, &one->waiters);
    if (one->failed && one->users == 0) {
        entry_free(one);
    }
}

static void on_answer(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_toolchain_entry *one = watch->owner;
    char chunk[4096];
    ssize_t got = read(one->fd, chunk, sizeof chunk);
    if (got > 0) {
        mc_buf_add(&one->answer, chunk, (size_t) got);
        return;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    mc_loop_remove(&one->home->core->loop, &one->watch);
    close(one->fd);
    one->fd = -1;
    over(one);
}

/* The answer's end of file is what counts; the child's own end is only reaped. */
static void on_child_end(struct mc_child *child, pid_t pid, int status, const struct rusage *usage)
{
    (void) pid;
    (void) usage;
    struct mc_toolchain_entry *one = child->owner;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        mc_log("identifying '%s' ended with status %d", one->root, status);
    }
}

static int start_child(struct mc_toolchain_entry *one, mc_err *err)
{
    mc_autofree char *daemon = NULL;
    int write_end;
    if (asprintf(&daemon, "%s/mojocelld", one->home->core->options.libexec) < 0) {
        daemon = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_autostrv argv = MC_STRV_INIT;
    mc_strv_add(&argv, daemon);
    mc_strv_addf(&argv, "--identify=%s", one->root);
    mc_strv_addf(&argv, "--memo=%s", one->home->core->options.cache_dir);
    if (mc_strv_check(&argv, err) < 0) {
        return -1;
    }
    if (mc_core_pipe(&one->fd, &write_end, err) < 0) {
        return -1;
    }
    struct mc_spawn_spec spec = MC_SPAWN_INIT;
    spec.path = daemon;
    spec.argv = argv.items;
    spec.out = write_end;
    spec.err = STDERR_FILENO;
    spec.group = MC_SPAWN_NEW_GROUP;
    spec.death_signal = SIGKILL;
    int result = mc_spawn(&spec, &one->child.pid, NULL, err);
    close(write_end);
    if (result < 0) {
        return mc_err_wrap(err, "identify the compiler");
    }
    one->child.ended = on_child_end;
    one->child.owner = one;
    mc_core_adopt(one->home->core, &one->child);
    one->watch =
        (struct mc_watch) {.fd = one->fd, .events = ZMQ_POLLIN, .ready = on_answer, .owner = one};
    return mc_loop_add(&one->home->core->loop, &one->watch, err);
}

static struct mc_toolchain_entry *
begin(struct mc_toolchains *all, const char *root, const int64_t stamp[MC_STAMP], mc_err *err)
{
    struct mc_toolchain_entry *one = mc_new(struct mc_toolchain_entry);
    if (!one || !(one->root = strdup(root))) {
        free(one);
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    one->home = all;
    one->fd = -1;
    mc_list_init(&one->waiters);
    memcpy(one->stamp, stamp, sizeof one->stamp);
    mc_list_add(&all->all, &one->node);
    if (start_child(one, err) < 0) {
        entry_free(one);
        return NULL;
    }
    return one;
}

int mc_toolchains_find(struct mc_toolchains *all,
                       const struct mc_toolchain_hints *hints,
                       struct mc_waiter *waiter,
                       struct mc_toolchain_entry **ret,
                       char **ret_root,
                       const char **ret_how,
                       mc_err *err)
{
    int64_t stamp[MC_STAMP];
    mc_autofree char *root = NULL;
    const char *how;
    if (mc_toolchain_find(hints, &root, &how, err) < 0 || stamp_of(root, stamp, err) < 0) {
        return -1;
    }
    struct mc_toolchain_entry *one = find(all, root, stamp);
    if (!one) {
        one = begin(all, root, stamp, err);
    }
    if (!one) {
        return -1;
    }
    one->users++;
    *ret = one;
    *ret_root = mc_take(&root);
    *ret_how = how;
    if (one->toolchain) {
        return 0;
    }
    mc_list_add(&one->waiters, &waiter->node);
    return 1;
}

int mc_toolchain_entry_result(const struct mc_toolchain_entry *one,
                              const struct mc_toolchain **ret,
                              mc_err *err)
{
    if (one->failed) {
        *err = one->error;
        return -1;
    }
    *ret = one->toolchain;
    return 0;
}

void mc_toolchain_entry_leave(struct mc_toolchain_entry *one, struct mc_waiter *waiter)
{
    mc_waiter_withdraw(waiter);
    one->users--;
    if (one->failed && one->users == 0) {
        entry_free(one);
    }
}

void mc_toolchains_init(struct mc_toolchains *all, struct mc_core *core)
{
    all->core = core;
    mc_list_init(&all->all);
}

void mc_toolchains_fini(struct mc_toolchains *all)
{
    MC_LIST_EACH(&all->all, struct mc_toolchain_entry, one, node)
    {
        entry_free(one);
    }
}

json_t *mc_toolchains_json(const struct mc_toolchains *all)
{
    json_t *array = json_array();
    MC_LIST_EACH(&all->all, struct mc_toolchain_entry, one, node)
    {
        json_t *toolchain = NULL;
        mc_err ignored;
        if (one->toolchain && mc_toolchain_to_json(one->toolchain, &toolchain, &ignored) == 0) {
            json_array_append_new(array, toolchain);
        }
    }
    return array;
}

int mc_toolchains_child(const char *root, const char *memo_dir)
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
