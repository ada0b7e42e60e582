#include "server/server.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "cache/store.h"
#include "protocol/message.h"
#include "server/compilation.h"
#include "server/identified.h"
#include "server/peer.h"
#include "server/request.h"
#include "server/runner_slot.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000;
static const int64_t COMPILER_MEMORY = 400LL << 20;
enum { MESSAGES_A_ROUND = 32, LOOK_SECONDS = 5, CACHE_SECONDS = 10 };

void mc_log(const char *format, ...)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%F %T", &local);
    fprintf(stderr, "%s ", stamp);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void mc_server_adopt(struct mc_server *server, struct mc_child *child)
{
    child->next = server->children;
    server->children = child;
}

static void unlink_child(struct mc_server *server, const struct mc_child *child)
{
    for (struct mc_child **link = &server->children; *link; link = &(*link)->next) {
        if (*link == child) {
            *link = child->next;
            return;
        }
    }
}

void mc_server_forget(struct mc_server *server, struct mc_child *child)
{
    unlink_child(server, child);
    child->pid = 0;
}

/* Everything that ended: our own children by their objects, adopted orphans without a word. */
static void reap(struct mc_server *server)
{
    int status;
    struct rusage usage;
    pid_t pid;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        struct mc_child *child = server->children;
        while (child && child->pid != pid) {
            child = child->next;
        }
        if (child) {
            unlink_child(server, child);
            child->pid = 0;
            child->ended(child, pid, status, &usage);
        }
    }
}

void mc_server_maybe_leave(struct mc_server *server)
{
    if (server->leaving && !server->requests) {
        server->loop.stop = true;
    }
}

static void on_signal(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_server *server = watch->owner;
    struct signalfd_siginfo info;
    while (read(server->signal_fd, &info, sizeof info) == (ssize_t) sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            reap(server);
        } else {
            mc_log("signal %u: leaving", info.ssi_signo);
            server->leaving = true;
            mc_request_cancel_all(server, NULL);
            mc_server_maybe_leave(server);
        }
    }
}

static void on_message(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_server *server = watch->owner;
    for (int i = 0; i < MESSAGES_A_ROUND; i++) {
        mc_err err;
        mc_automessage message = {0};
        int got = mc_message_recv(server->router, true, &message, &err);
        if (got == 0) {
            return;
        }
        if (got < 0) {
            mc_log("receive: %s", err.message);
            return;
        }
        mc_request_receive(server, &message, got == 1 ? NULL : &err);
    }
}

static bool socket_is_ours(const struct mc_server *server)
{
    struct stat st;
    return stat(server->socket_path, &st) == 0 && st.st_ino == server->socket_inode;
}

static void on_idle_timer(struct mc_timer *timer)
{
    struct mc_server *server = timer->owner;
    int64_t idle = mc_os_now() - server->idle_since;
    mc_peer_sweep(server);
    if (!socket_is_ours(server)) {
        mc_log("the socket is no longer ours: leaving when all is answered");
        server->leaving = true;
        mc_server_maybe_leave(server);
    } else if (!server->requests && server->options.idle_seconds > 0 &&
               idle > server->options.idle_seconds * SECOND) {
        mc_log("idle: leaving");
        server->loop.stop = true;
    }
    int64_t look = LOOK_SECONDS * SECOND;
    if (server->options.idle_seconds > 0 && server->options.idle_seconds < LOOK_SECONDS) {
        look = server->options.idle_seconds * SECOND / 2;
    }
    mc_loop_arm(&server->loop, timer, look);
}

static void on_cache_timer(struct mc_timer *timer)
{
    struct mc_server *server = timer->owner;
    mc_store_maintain(server->store);
    mc_loop_arm(&server->loop, timer, CACHE_SECONDS * SECOND);
}

/* 1 where another daemon holds it. */
static int take_lock(struct mc_server *server, mc_err *err)
{
    mc_autofree char *path = NULL;
    if (mc_paths_lock(server->options.runtime_dir, &path, err) < 0) {
        return -1;
    }
    server->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (server->lock_fd < 0) {
        return mc_err_errno(err, MC_IO, "open '%s'", path);
    }
    if (flock(server->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        return errno == EWOULDBLOCK ? 1 : mc_err_errno(err, MC_IO, "lock '%s'", path);
    }
    return 0;
}

/* The lock is held, so whatever an earlier daemon left under this name is nobody's. */
static int make_work_dir(struct mc_server *server, mc_err *err)
{
    if (asprintf(&server->work_dir, "%s/work-%s", server->options.runtime_dir, MC_BUILD_ID) < 0) {
        server->work_dir = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_fs_remove(server->work_dir, err) < 0) {
        return -1;
    }
    return mc_fs_mkdirs(server->work_dir, 0700, err);
}

static int open_socket(struct mc_server *server, mc_err *err)
{
    const int no_limit = 0;
    const int mandatory = 1;
    const int64_t largest = 300LL << 20;
    const uid_t user = geteuid();
    char endpoint[128];
    struct stat st;
    if (mc_paths_socket(server->options.runtime_dir, &server->socket_path, err) < 0) {
        return -1;
    }
    unlink(server->socket_path);
    server->zmq = zmq_ctx_new();
    server->router = server->zmq ? zmq_socket(server->zmq, ZMQ_ROUTER) : NULL;
    if (!server->router) {
        return mc_err_set(err, MC_SYSTEM, "make the socket: %s", zmq_strerror(zmq_errno()));
    }
    zmq_setsockopt(server->router, ZMQ_SNDHWM, &no_limit, sizeof no_limit);
    zmq_setsockopt(server->router, ZMQ_RCVHWM, &no_limit, sizeof no_limit);
    zmq_setsockopt(server->router, ZMQ_LINGER, &no_limit, sizeof no_limit);
    zmq_setsockopt(server->router, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory);
    zmq_setsockopt(server->router, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    /* The kernel's word for who connects, should the socket ever be reached from elsewhere. */
    if (zmq_setsockopt(server->router, ZMQ_IPC_FILTER_UID, &user, sizeof user) < 0) {
        return mc_err_set(err, MC_SYSTEM, "check who connects: %s", zmq_strerror(zmq_errno()));
    }
    snprintf(endpoint, sizeof endpoint, "ipc://%s", server->socket_path);
    if (zmq_bind(server->router, endpoint) < 0) {
        return mc_err_set(
            err, MC_SYSTEM, "listen at '%s': %s", server->socket_path, zmq_strerror(zmq_errno()));
    }
    if (lstat(server->socket_path, &st) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "look at '%s'", server->socket_path);
    }
    if (!S_ISSOCK(st.st_mode) || (st.st_mode & 077)) {
        return mc_err_set(err,
                          MC_PERMISSION,
                          "the socket '%s' is open to others (mode %03o)",
                          server->socket_path,
                          (unsigned) st.st_mode & 0777);
    }
    server->socket_inode = st.st_ino;
    return 0;
}

static int open_signals(struct mc_server *server, mc_err *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "block signals");
    }
    server->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return server->signal_fd < 0 ? mc_err_errno(err, MC_SYSTEM, "signalfd") : 0;
}

static int watch_all(struct mc_server *server, mc_err *err)
{
    server->router_watch = (struct mc_watch) {.fd = -1,
                                              .socket = server->router,
                                              .events = ZMQ_POLLIN,
                                              .ready = on_message,
                                              .owner = server};
    server->signal_watch = (struct mc_watch) {
        .fd = server->signal_fd, .events = ZMQ_POLLIN, .ready = on_signal, .owner = server};
    server->idle_timer = (struct mc_timer) {.due = on_idle_timer, .owner = server};
    server->cache_timer = (struct mc_timer) {.due = on_cache_timer, .owner = server};
    if (mc_loop_add(&server->loop, &server->router_watch, err) < 0 ||
        mc_loop_add(&server->loop, &server->signal_watch, err) < 0) {
        return -1;
    }
    on_idle_timer(&server->idle_timer);
    on_cache_timer(&server->cache_timer);
    return 0;
}

static int most_compilers(void)
{
    int64_t by_memory = mc_os_memory() / COMPILER_MEMORY;
    int cpus = mc_os_cpus();
    int most = by_memory < cpus ? (int) by_memory : cpus;
    return most > 0 ? most : 1;
}

int mc_server_open(struct mc_server *server, const struct mc_server_options *options, mc_err *err)
{
    *server = (struct mc_server) {.options = *options, .lock_fd = -1, .signal_fd = -1};
    server->started_at = server->idle_since = mc_os_now();
    server->max_compilers = most_compilers();
    int locked = take_lock(server, err);
    if (locked) {
        return locked;
    }
    if (open_signals(server, err) < 0 || mc_os_subreaper(err) < 0 ||
        make_work_dir(server, err) < 0 ||
        mc_store_open(options->cache_dir, options->cache_limit, &server->store, err) < 0 ||
        open_socket(server, err) < 0 || watch_all(server, err) < 0) {
        return -1;
    }
    mc_log("mojocelld %s (%s) listens at %s", MC_VERSION, MC_BUILD_ID, server->socket_path);
    if (options->ready_fd >= 0) {
        mc_err ignored;
        if (mc_fs_write_all(options->ready_fd, "ready\n", 6, &ignored) < 0) {
            mc_log("readiness: %s", ignored.message);
        }
        close(options->ready_fd);
    }
    return 0;
}

int mc_server_run(struct mc_server *server, mc_err *err)
{
    return mc_loop_run(&server->loop, err);
}

void mc_server_close(struct mc_server *server)
{
    mc_err err;
    if (server->loop.capacity) {
        mc_request_cancel_all(server, NULL);
    }
    mc_compilation_free_all(server);
    mc_identified_free_all(server);
    mc_runner_slot_free_all(server);
    mc_peer_free_all(server);
    if (server->socket_path && server->socket_inode && socket_is_ours(server)) {
        unlink(server->socket_path);
    }
    if (server->router) {
        const int linger = 500; /* last answers reach their peers */
        zmq_setsockopt(server->router, ZMQ_LINGER, &linger, sizeof linger);
        zmq_close(server->router);
    }
    if (server->zmq) {
        zmq_ctx_term(server->zmq);
    }
    server->store = mc_store_close(server->store);
    if (server->work_dir && server->socket_inode && mc_fs_remove(server->work_dir, &err) < 0) {
        mc_log("%s", err.message);
    }
    if (server->signal_fd >= 0) {
        close(server->signal_fd);
    }
    if (server->lock_fd >= 0) {
        close(server->lock_fd);
    }
    free(server->socket_path);
    free(server->work_dir);
    mc_loop_fini(&server->loop);
}
