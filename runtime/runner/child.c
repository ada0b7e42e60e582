#include "runner/child.h"

#include "abi/calls.h"
#include "abi/order.h"
#include "abi/share.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "base/symbols.h"
#include "runner/ask.h"
#include "runner/crash.h"
#include "runner/device.h"
#include "runner/farewell.h"
#include "runner/provide.h"
#include "runner/serve.h"
#include "runner/touch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_NOT_RUN 127

/* Of the Mojo runtime, found by name because there may be none (and another version may lack one).
 */
typedef void set_argv(int argc, char **argv);
typedef void destroy_globals(void);

/* What every program needs of it; looked for once, by the runner. */
static struct {
    set_argv *set_argv;
    destroy_globals *destroy_globals;
} runtime;

static void find_runtime(void)
{
    if (!runtime.set_argv) {
        runtime.set_argv = (set_argv *) (uintptr_t) dlsym(RTLD_DEFAULT, "KGEN_CompilerRT_SetArgV");
    }
    if (!runtime.destroy_globals) {
        runtime.destroy_globals =
            (destroy_globals *) (uintptr_t) dlsym(RTLD_DEFAULT, "KGEN_CompilerRT_DestroyGlobals");
    }
}

struct mc_wire_slot *mc_child_map_slot(int fd)
{
    void *slot = mmap(NULL, sizeof(struct mc_wire_slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return slot == MAP_FAILED ? NULL : slot;
}

int mc_child_make_slot(int *ret_fd, struct mc_wire_slot **ret, mc_err *err)
{
    mc_autoclose int fd = mc_os_memory_file("mojocell-slot");
    /* Allocated here, so that a machine out of memory is an error and not a SIGBUS. */
    if (fd < 0 || fallocate(fd, 0, 0, sizeof **ret) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make shared memory");
    }
    *ret = mc_child_map_slot(fd);
    if (!*ret) {
        return mc_err_errno(err, MC_SYSTEM, "map shared memory");
    }
    *ret_fd = mc_take_fd(&fd);
    return 0;
}

void mc_child_unmap_slot(struct mc_wire_slot *slot)
{
    if (slot) {
        munmap(slot, sizeof *slot);
    }
}

void mc_child_keep_slot(struct mc_wire_slot *slot)
{
    madvise(slot, sizeof *slot, MADV_DONTFORK);
}

int mc_child_load_libraries(char *const *libraries, char *ret_message, size_t size)
{
    for (; libraries && libraries[0] && libraries[1]; libraries += 2) {
        bool optional = strcmp(libraries[0], "--optional-library") == 0;
        if (!dlopen(libraries[1], RTLD_NOW | RTLD_GLOBAL) && !optional) {
            snprintf(ret_message, size, "%s", dlerror());
            return -1;
        }
    }
    find_runtime();
    return 0;
}

#ifdef __SANITIZE_ADDRESS__
static bool is_program;

/* What a program leaks is no leak of ours. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_program;
}
#endif

static _Noreturn void fail(struct mc_wire_slot *slot, const char *message)
{
    snprintf(slot->message, sizeof slot->message, "%s", message);
    _exit(EXIT_NOT_RUN);
}

static _Noreturn void fail_errno(struct mc_wire_slot *slot, const char *what, const char *name)
{
    mc_err err;
    mc_err_errno(&err, MC_SYSTEM, name ? "%s '%s'" : "%s", what, name);
    fail(slot, err.message);
}

/* ps and /proc tell a run by its cell and its tag, not by its runner's arguments. */
static void show_name(const struct mc_child_host *host, const struct mc_wire_run *run)
{
    char *start = host->argv[0];
    char *last = host->argv[host->argc - 1];
    size_t size = (size_t) (last + strlen(last) + 1 - start);
    char title[256];
    snprintf(title, sizeof title, "mojocell: %s", run->name);
    memset(start, 0, size);
    memcpy(start, title, strlen(title) < size ? strlen(title) : size - 1);
    mc_os_set_name(run->name);
    if (host->tag_at) {
        memset(host->tag_at, 0, MC_TAG_MAX);
        memcpy(host->tag_at, run->tag, strlen(run->tag));
    }
}

static void settle(const struct mc_wire_run *run, struct mc_wire_slot *slot)
{
    umask((mode_t) run->head.umask);
    if (chdir(run->cwd) < 0) {
        fail_errno(slot, "chdir", run->cwd);
    }
    int64_t base = run->head.limits.memory > 0 ? mc_os_data() : 0;
    errno = mc_limits_apply(&run->head.limits, base);
    if (errno) {
        fail_errno(slot, "set a limit", NULL);
    }
    environ = run->envp;
    if (run->head.asks) {
        mc_ask_begin();
    }
}

/* What a process that was forked ahead has loaded. */
static struct {
    struct mc_child_ahead facts;
    void *library; /* NULL: nothing */
} ahead;

bool mc_child_may_load(const struct mc_wire_artifact *artifact, struct mc_child_ahead *ret)
{
    mc_err ignored;
    if (!artifact->path[0] || mc_symbols_acts(artifact->path, &ignored) != 0) {
        return false;
    }
    *ret = (struct mc_child_ahead) {.artifact = *artifact,
                                    .wants_device = mc_device_wanted(artifact->path),
                                    .prints_alone = mc_calls_print_alone(artifact->path)};
    return true;
}

/* A file that was exchanged before or meanwhile is noticed by who wants to run it. */
static void load_ahead(const struct mc_child_ahead *wanted)
{
    struct mc_wire_artifact now;
    ahead.library = dlopen(wanted->artifact.path, RTLD_NOW | RTLD_LOCAL);
    mc_wire_identify(wanted->artifact.path, &now);
    if (mc_wire_same(&now, &wanted->artifact)) {
        ahead.facts = *wanted;
    }
}

/* What was loaded ahead is what this run wants. */
static bool is_ahead(const struct mc_wire_run *run)
{
    struct mc_wire_artifact now;
    mc_wire_identify(run->artifact, &now);
    return mc_wire_same(&ahead.facts.artifact, &now);
}

/* With more libraries of its toolchain where those of the runner are not enough: few need any, and
 * the others do not pay for it. */
static void *load(const struct mc_wire_run *run, struct mc_wire_slot *slot)
{
    slot->phase = MC_PHASE_LOAD;
    if (mc_fault("load")) {
        fail_errno(slot, "load", run->artifact);
    }
    void *library = ahead.library ? ahead.library : dlopen(run->artifact, RTLD_NOW | RTLD_LOCAL);
    if (library) {
        return library;
    }
    char why[sizeof slot->message];
    mc_err err;
    snprintf(why, sizeof why, "%s", dlerror());
    int provided =
        mc_provide(run->artifact, run->library_dir, slot->missing, sizeof slot->missing, &err);
    if (provided < 0) {
        fail(slot, err.message);
    }
    library = provided > 0 ? dlopen(run->artifact, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library) {
        fail(slot, provided > 0 ? dlerror() : why);
    }
    return library;
}

/* Its own prints tell the order of its two streams from now on. A worker begins by itself. */
static void keep_order(const struct mc_wire_run *run, struct mc_order *order)
{
    mc_words_write_with(mc_order_write);
    if (order && !run->worker[0]) {
        mc_order_begin(
            order, ahead.library ? ahead.facts.prints_alone : mc_calls_print_alone(run->artifact));
    }
}

static _Noreturn void
call(const struct mc_wire_run *run, struct mc_wire_slot *slot, struct mc_order *order)
{
    void *library = load(run, slot);
    bool serves = run->worker[0] != '\0';
    int32_t (*program)(void) =
        serves ? NULL : (int32_t (*)(void))(uintptr_t) dlsym(library, "mc_main");
    if (!program && !serves) {
        fail(slot, dlerror());
    }
    int argc = (int) run->head.n_args + 1;
    find_runtime();
    if (runtime.set_argv) {
        runtime.set_argv(argc, run->argv);
    }
    if (ahead.library ? ahead.facts.wants_device : mc_device_wanted(run->artifact)) {
        mc_device_make();
    }
    keep_order(run, order);
    mc_ask_watch(library);
    mc_crash_watch(slot, library, serves ? run->name : NULL);
    mc_farewell_watch(slot);
#ifdef __SANITIZE_ADDRESS__
    is_program = true;
#endif
    slot->called_at = mc_os_now();
    slot->phase = MC_PHASE_RUN;
    if (serves) {
        mc_serve(library, run->worker, slot);
    }
    (void) mc_fault("begin");
    int32_t status = program();
    if (runtime.destroy_globals) {
        runtime.destroy_globals();
    }
    exit(status);
}

static int is_dlopen(const char *name, void *data)
{
    (void) data;
    return strcmp(name, "dlopen") == 0;
}

/* The loader reads its variables when a process is executed, and never again: the runner has those
 * of whoever started the daemon. Returns why `name` demands a process of the caller's own. */
static const char *loader_reason(const struct mc_wire_run *run, const char *name)
{
    static char reason[64];
    const char *wanted = mc_strv_getenv(run->envp, name);
    const char *own = getenv(name);
    wanted = wanted ? wanted : "";
    if (strcmp(wanted, own ? own : "") == 0) {
        return NULL;
    }
    snprintf(reason, sizeof reason, *wanted ? "%s is set" : "%s is set for the daemon alone", name);
    return reason;
}

/* LD_PRELOAD is wanted by whoever set it; a library path matters only to those who load libraries.
 */
static const char *why_exec(const struct mc_wire_run *run)
{
    const char *reason = loader_reason(run, "LD_PRELOAD");
    if (!reason && (reason = loader_reason(run, "LD_LIBRARY_PATH")) &&
        mc_symbols_undefined(run->artifact, is_dlopen, NULL, NULL) != 1) {
        reason = NULL;
    }
    return reason;
}

/* Nothing of a program happens before the runner has told that it has started, nor where it means
 * another one. */
static void await_go(const struct mc_child *child)
{
    struct mc_wire_slot *slot = child->slot;
    slot->waits_for_go = 1;
    while (slot->go == 0) {
        mc_share_sleep(&slot->go, 0, NULL);
    }
    if (slot->go != mc_wire_go(child->id)) {
        fail(slot, "the program's process was given to another run");
    }
}

static _Noreturn void execute(const struct mc_child_host *host,
                              const struct mc_child *child,
                              const struct mc_wire_run *run)
{
    mc_autostrv argv = MC_STRV_INIT;
    mc_strv_add(&argv, host->argv[0]);
    mc_strv_add(&argv, "--exec");
    mc_strv_addf(&argv, "%d", child->slot_fd);
    mc_strv_addf(&argv, "%d", child->fds[0]);
    mc_strv_addf(&argv, "%d", child->fds[4]);
    for (char **item = host->libraries; *item; item++) {
        mc_strv_add(&argv, *item);
    }
    mc_err err;
    if (mc_strv_check(&argv, &err) < 0) {
        fail(child->slot, err.message);
    }
    fcntl(child->slot_fd, F_SETFD, 0);
    fcntl(child->fds[0], F_SETFD, 0);
    fcntl(child->fds[4], F_SETFD, 0);
    child->slot->executed = 1;
    await_go(child);
    execve(MC_OS_SELF, argv.items, run->envp);
    fail_errno(child->slot, "exec", MC_OS_SELF);
}

/* Own group, dies with the runner, has none of its descriptors. */
static void separate(const struct mc_child_host *host, const struct mc_child *child)
{
    setpgid(0, 0);
    if (mc_os_parent_death(child->runner, SIGKILL, NULL) < 0) {
        _exit(EXIT_NOT_RUN);
    }
    for (size_t i = 0; i < MC_LENGTH(host->close_fds); i++) {
        if (host->close_fds[i] >= 0) {
            close(host->close_fds[i]);
        }
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* It sees only its own three. */
static void take_descriptors(const struct mc_child *child)
{
    for (int i = 0; i < 3; i++) {
        if (dup2(child->fds[1 + i], i) < 0) {
            fail_errno(child->slot, "pass a descriptor", NULL);
        }
        close(child->fds[1 + i]);
    }
}

static _Noreturn void become(const struct mc_child_host *host, const struct mc_child *child)
{
    static struct mc_wire_run run; /* static: found by a leak checker at exit */
    mc_err err;
    take_descriptors(child);
    if (mc_wire_decode(child->fds[0], &run, &err) < 0) {
        fail(child->slot, err.message);
    }
    const char *reason = run.head.fresh ? NULL : why_exec(&run);
    if (reason) {
        snprintf(child->slot->reason, sizeof child->slot->reason, "%s", reason);
    }
    /* The loader knows the name already, and would give the old library for it. */
    bool outdated = ahead.library && !is_ahead(&run);
    if (run.head.fresh || reason || outdated) {
        execute(host, child, &run);
    }
    struct mc_order *order = mc_order_map(child->fds[4]);
    close(child->fds[0]);
    close(child->fds[4]);
    close(child->slot_fd);
    show_name(host, &run);
    settle(&run, child->slot);
    await_go(child);
    call(&run, child->slot, order);
}

_Noreturn void mc_child_forked(const struct mc_child_host *host, const struct mc_child *child)
{
    separate(host, child);
    become(host, child);
}

/* What the way to a program and to its end passes. */
static void touch(void)
{
    mc_touch_function *const functions[] = {
        (mc_touch_function *) runtime.set_argv,
        runtime.destroy_globals,
        (mc_touch_function *) exit,
        (mc_touch_function *) sigaction,
        (mc_touch_function *) strchr,
        (mc_touch_function *) dlsym,
        (mc_touch_function *) calloc,
        (mc_touch_function *) fclose,
        (mc_touch_function *) fdopen,
        (mc_touch_function *) chdir,
        (mc_touch_function *) mc_wire_decode,
        (mc_touch_function *) mc_words_watch,
    };
    mc_touch(functions, MC_LENGTH(functions));
}

_Noreturn void mc_child_spare(const struct mc_child_host *host,
                              struct mc_child *child,
                              int socket,
                              const struct mc_child_ahead *wanted)
{
    separate(host, child);
    if (wanted) {
        load_ahead(wanted);
    }
    touch();
    struct mc_wire_gift gift;
    size_t count;
    if (mc_wire_receive(socket, &gift, sizeof gift, child->fds, &count, 0) != sizeof gift) {
        _exit(0);
    }
    child->id = gift.id;
    close(socket);
    if (count != MC_WIRE_FDS) {
        fail(child->slot, "the program's process has too many open files");
    }
    become(host, child);
}

_Noreturn void mc_child_executed(const struct mc_child_host *host, const int fds[3])
{
    static struct mc_wire_run run;
    mc_err err;
    struct mc_wire_slot *slot = mc_child_map_slot(fds[0]);
    if (!slot) {
        _exit(EXIT_NOT_RUN);
    }
    if (mc_wire_decode(fds[1], &run, &err) < 0) {
        fail(slot, err.message);
    }
    struct mc_order *order = mc_order_map(fds[2]);
    for (int i = 0; i < 3; i++) {
        close(fds[i]);
    }
    char message[sizeof slot->message];
    if (mc_child_load_libraries(host->libraries, message, sizeof message) < 0) {
        slot->phase = MC_PHASE_LOAD;
        fail(slot, message);
    }
    show_name(host, &run);
    settle(&run, slot);
    call(&run, slot, order);
}
