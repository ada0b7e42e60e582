#include "runner/runner_link.h"

#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "base/symbols.h"
#include "proc/spawn.h"
#include "runner/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL_FD      3
#define SHUTDOWN_MS     2000
#define SEND_BUFFER     (1 << 20)
#define TAG_PLACEHOLDER "------------------------------------------------"

_Static_assert(sizeof TAG_PLACEHOLDER - 1 == MC_TAG_MAX,
               "the placeholder is as long as a tag can be");

/* A process that was forked ahead, and waits for a run. */
struct ahead {
    pid_t pid;
    int socket; /* -1: none */
    struct mc_wire_artifact artifact;
};

struct mc_runner_link {
    pid_t pid;
    int pidfd;
    int socket;
    int null_fd;
    size_t starting;       /* runs that were asked for, and have not started */
    struct ahead ahead[2]; /* a plain one, and one that has loaded an artifact */
};

static void build_argv(const struct mc_runner_spec *spec, struct mc_strv *argv)
{
    mc_strv_add(argv, spec->runner);
    mc_strv_add(argv, "--control-fd");
    mc_strv_addf(argv, "%d", CONTROL_FD);
    for (const char *const *path = spec->libraries; path && *path; path++) {
        mc_strv_add(argv, "--library");
        mc_strv_add(argv, *path);
    }
    for (const char *const *path = spec->optional; path && *path; path++) {
        mc_strv_add(argv, "--optional-library");
        mc_strv_add(argv, *path);
    }
}

/* The entry that each run overwrites with its own tag: /proc/<pid>/environ of a forked process
 * shows the memory its ancestor was executed with. */
static void build_envp(const struct mc_runner_spec *spec, struct mc_strv *envp)
{
    mc_strv_add(envp, MC_TAG_NAME "=" TAG_PLACEHOLDER);
    for (char *const *entry = spec->envp ? spec->envp : environ; *entry; entry++) {
        if (strncmp(*entry, MC_TAG_NAME "=", strlen(MC_TAG_NAME "=")) != 0) {
            mc_strv_add(envp, *entry);
        }
    }
}

static int
start(struct mc_runner_link *link, const struct mc_runner_spec *spec, int control, mc_err *err)
{
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv envp = MC_STRV_INIT;
    build_argv(spec, &argv);
    build_envp(spec, &envp);
    if (mc_strv_check(&argv, err) < 0 || mc_strv_check(&envp, err) < 0) {
        return -1;
    }
    struct mc_spawn_fd fds[] = {{.from = control, .to = CONTROL_FD}};
    struct mc_spawn_spec process = MC_SPAWN_INIT;
    process.path = spec->runner;
    process.argv = argv.items;
    process.envp = envp.items;
    process.cwd = spec->cwd ? spec->cwd : "/";
    process.err = spec->log_fd;
    process.fds = fds;
    process.n_fds = 1;
    /* No death signal: the runner sees the end of its socket and then kills what its runs left,
     * which a KILL of its own would prevent. */
    process.group = MC_SPAWN_NEW_GROUP;
    return mc_spawn(&process, &link->pid, &link->pidfd, err);
}

int mc_runner_link_start(const struct mc_runner_spec *spec,
                         struct mc_runner_link **ret,
                         mc_err *err)
{
    struct mc_runner_link *link = malloc(sizeof *link);
    if (!link) {
        return mc_err_set(err, MC_NO_MEMORY, "no memory for a runner");
    }
    *link = (struct mc_runner_link) {.pid = -1,
                                     .pidfd = -1,
                                     .socket = -1,
                                     .null_fd = -1,
                                     .ahead = {{.socket = -1}, {.socket = -1}}};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        mc_err_errno(err, MC_SYSTEM, "make a socket for a runner");
        mc_runner_link_free(link);
        return -1;
    }
    link->socket = pair[0];
    mc_autoclose int control = pair[1];
    setsockopt(link->socket, SOL_SOCKET, SO_SNDBUF, &(int) {SEND_BUFFER}, sizeof(int));
    link->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (link->null_fd < 0 || fcntl(link->socket, F_SETFL, O_NONBLOCK) < 0) {
        mc_err_errno(err, MC_SYSTEM, "start a runner");
        mc_runner_link_free(link);
        return -1;
    }
    if (start(link, spec, control, err) < 0) {
        mc_runner_link_free(link);
        return -1;
    }
    *ret = link;
    return 0;
}

/* ---- processes forked ahead ---- */

static void forget(struct ahead *ahead)
{
    if (ahead->socket >= 0) {
        close(ahead->socket);
        ahead->socket = -1;
    }
}

/* A later one of its kind takes the place of one that the runner has used, or dismissed. */
static void
keep_ahead(struct mc_runner_link *link, const struct mc_wire_ahead *offered, const int *sockets)
{
    bool loaded = offered->artifact.path[0];
    struct ahead *ahead = &link->ahead[loaded];
    forget(ahead);
    *ahead = (struct ahead) {offered->pid, sockets[0], offered->artifact};
}

static struct ahead *fitting(struct mc_runner_link *link, const struct mc_wire_artifact *artifact)
{
    struct ahead *loaded = &link->ahead[1];
    struct ahead *plain = &link->ahead[0];
    if (loaded->socket >= 0 && mc_wire_same(&loaded->artifact, artifact)) {
        return loaded;
    }
    return plain->socket >= 0 ? plain : NULL;
}

/* Gives the run to a process that goes on as far as its program while the runner still hears of it.
 * Returns its number, or 0 where there is none: what the runner was asked for before may have taken
 * it. */
static pid_t give_ahead(struct mc_runner_link *link,
                        const struct mc_wire_request *request,
                        const int fds[MC_WIRE_FDS])
{
    const struct mc_wire_gift gift = {request->id};
    struct ahead *ahead;
    while (link->starting == 0 && (ahead = fitting(link, &request->artifact))) {
        int sent = mc_wire_send(ahead->socket, &gift, sizeof gift, fds, MC_WIRE_FDS, MSG_DONTWAIT);
        forget(ahead);
        if (sent == 0) {
            return ahead->pid;
        }
    }
    return 0;
}

/* ---- its end ---- */

static void end_process(struct mc_runner_link *link)
{
    struct pollfd poller = {.fd = link->pidfd, .events = POLLIN};
    if (poll(&poller, 1, SHUTDOWN_MS) <= 0) {
        kill(link->pid, SIGKILL);
    }
    while (waitpid(link->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

struct mc_runner_link *mc_runner_link_free(struct mc_runner_link *link)
{
    if (!link) {
        return NULL;
    }
    if (link->socket >= 0) {
        close(link->socket); /* the runner ends its runs and itself */
    }
    for (size_t i = 0; i < MC_LENGTH(link->ahead); i++) {
        forget(&link->ahead[i]);
    }
    if (link->pid > 0) {
        end_process(link);
    }
    if (link->pidfd >= 0) {
        close(link->pidfd);
    }
    if (link->null_fd >= 0) {
        close(link->null_fd);
    }
    free(link);
    return NULL;
}

int mc_runner_link_fd(const struct mc_runner_link *link)
{
    return link->socket;
}

pid_t mc_runner_link_pid(const struct mc_runner_link *link)
{
    return link->pid;
}

/* ---- requests ---- */

static int send_request(struct mc_runner_link *link,
                        const struct mc_wire_request *request,
                        const int *fds,
                        size_t n_fds,
                        mc_err *err)
{
    if (mc_wire_send(link->socket, request, sizeof *request, fds, n_fds, 0) == 0) {
        return 0;
    }
    if (errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS) {
        return mc_err_set(err, MC_BUSY, "the runner has too many requests waiting");
    }
    if (errno == EPIPE || errno == ECONNRESET) {
        return mc_err_set(err, MC_RUNNER_FAILED, "the runner is gone");
    }
    return mc_err_errno(err, MC_SYSTEM, "send a request to the runner");
}

static int make_payload(const struct mc_runner_run *run, int *ret_fd, mc_err *err)
{
    mc_autobuf payload = MC_BUF_INIT;
    if (mc_wire_encode(run, &payload, err) < 0) {
        return -1;
    }
    mc_autoclose int fd = mc_os_memory_file("mojocell-run");
    if (fd < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make a memory file");
    }
    for (size_t done = 0; done < payload.length;) {
        ssize_t n = write(fd, payload.data + done, payload.length - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return mc_err_errno(err, MC_SYSTEM, "write to a memory file");
        }
        done += (size_t) n;
    }
    *ret_fd = mc_take_fd(&fd);
    return 0;
}

int mc_runner_link_run(struct mc_runner_link *link, const struct mc_runner_run *run, mc_err *err)
{
    struct mc_wire_request request = {
        .version = MC_WIRE_VERSION,
        .kind = MC_WIRE_RUN,
        .id = run->id,
    };
    if (strlen(run->tag) > MC_TAG_MAX) {
        return mc_err_set(err, MC_INTERNAL, "the tag '%s' is too long", run->tag);
    }
    memcpy(request.tag, run->tag, strlen(run->tag));
    mc_wire_identify(run->artifact, &request.artifact);
    mc_autoclose int payload = -1;
    if (make_payload(run, &payload, err) < 0) {
        return mc_err_wrap(err, "describe a run");
    }
    int fds[MC_WIRE_FDS] = {payload, run->in, run->out, run->err, run->order > 0 ? run->order : -1};
    for (size_t i = 1; i < MC_WIRE_FDS; i++) {
        fds[i] = fds[i] < 0 ? link->null_fd : fds[i];
    }
    request.ahead = give_ahead(link, &request, fds);
    if (send_request(link, &request, fds, MC_WIRE_FDS, err) < 0) {
        return -1;
    }
    link->starting++;
    return 0;
}

int mc_runner_link_signal(struct mc_runner_link *link, uint64_t id, int signal, mc_err *err)
{
    struct mc_wire_request request = {
        .version = MC_WIRE_VERSION,
        .kind = MC_WIRE_SIGNAL,
        .id = id,
        .signal = signal,
    };
    return send_request(link, &request, NULL, 0, err);
}

/* As recv, of what is an event. */
static ssize_t receive(struct mc_runner_link *link, struct mc_wire_event *ret)
{
    union {
        struct mc_wire_event event;
        struct mc_wire_ahead ahead;
    } word;
    int fds[MC_WIRE_FDS];
    size_t count;
    ssize_t n;
    while ((n = mc_wire_receive(link->socket, &word, sizeof word, fds, &count, MSG_DONTWAIT)) ==
           sizeof word.ahead) {
        if (count > 0) {
            keep_ahead(link, &word.ahead, fds);
        }
    }
    if (n == sizeof word.event) {
        *ret = word.event;
    }
    return n;
}

/* A run that could not be started has no process. */
static bool is_begun(const struct mc_runner_event *event)
{
    return event->kind == MC_RUNNER_STARTED || (event->kind == MC_RUNNER_ENDED && event->pid == 0);
}

int mc_runner_link_read(struct mc_runner_link *link, struct mc_runner_event *ret, mc_err *err)
{
    struct mc_wire_event event;
    ssize_t n = receive(link, &event);
    if (n < 0 && errno == EAGAIN) {
        return 0;
    }
    if (n == 0 || (n < 0 && errno == ECONNRESET)) {
        return mc_err_set(err, MC_RUNNER_FAILED, "the runner ended unexpectedly");
    }
    if (n < 0) {
        return mc_err_errno(err, MC_RUNNER_FAILED, "read from the runner");
    }
    if (n != (ssize_t) sizeof event || event.version != MC_WIRE_VERSION) {
        return mc_err_set(
            err, MC_RUNNER_FAILED, "the runner is of another version than the daemon");
    }
    link->starting -= link->starting > 0 && is_begun(&event.event);
    *ret = event.event;
    return 1;
}

static int tell_reason(const char *name, void *data)
{
    /* A sanitizer's runtime insists on being in the process from its first instruction on, and an
     * allocator cannot be exchanged once there are allocations. Asynchronous tasks, threads and
     * Python run in a fork: the preloaded process has no threads and has not started them. */
    static const struct {
        const char *symbol;
        const char *reason;
    } needs[] = {
        {"__asan_init", "it is built with a sanitizer"},
        {"__tsan_init", "it is built with a sanitizer"},
        {"__msan_init", "it is built with a sanitizer"},
        {"KGEN_CompilerRT_SetAsanAllocators", "it is built with a sanitizer"},
    };
    for (size_t i = 0; i < MC_LENGTH(needs); i++) {
        if (strcmp(name, needs[i].symbol) == 0) {
            *(const char **) data = needs[i].reason;
            return 1;
        }
    }
    return 0;
}

const char *mc_runner_needs_fresh(const char *artifact)
{
    const char *reason = NULL;
    mc_err ignored;
    if (mc_symbols_undefined(artifact, tell_reason, (void *) &reason, &ignored) < 0) {
        return NULL;
    }
    return reason;
}
