#include "server/server.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "cache/store.h"
#include "protocol/message.h"
#include "server/descriptors.h"
#include "server/receive.h"
#include "server/request.h"

#include <zmq.h>

#include <dirent.h>
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
enum { MESSAGES_A_ROUND = 32, LOOK_SECONDS = 5, CACHE_SECONDS = 10 };

static void leave_where_settled(struct mc_server *server)
{
    if (server->leaving && mc_list_empty(&server->requests)) {
        server->core.loop.stop = true;
    }
}

static void on_settled(struct mc_task *task)
{
    leave_where_settled(task->owner);
}

static void on_signal(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_server *server = watch->owner;
    struct signalfd_siginfo info;
    while (read(server->signal_fd, &info, sizeof info) == (ssize_t) sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            mc_core_reap(&server->core);
        } else {
            mc_log("signal %u: leaving", info.ssi_signo);
            server->leaving = true;
            mc_request_cancel_all(server, NULL);
            leave_where_settled(server);
        }
    }
}

static void on_left(struct mc_peers *peers, struct mc_peer *peer)
{
    mc_request_cancel_all(MC_OF(peers, struct mc_server, peers), peer);
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
        mc_receive(server, &message, got == 1 ? NULL : &err);
    }
}

static bool is_file(const char *path, int fd)
{
    struct stat there;
    struct stat ours;
    return path && fd >= 0 && fstat(fd, &ours) == 0 && lstat(path, &there) == 0 &&
           there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

/* Whether clients find this daemon. Where the runtime directory was deleted and made anew, its
 * names are another daemon's: the lock that we hold is told by what it is. */
static bool place_is_ours(const struct mc_server *server)
{
    mc_err ignored;
    mc_autofree char *lock = NULL;
    return mc_paths_lock(server->core.options.runtime_dir, &lock, &ignored) == 0 &&
           is_file(lock, server->lock_fd);
}

static bool can_be_found(const struct mc_server *server)
{
    struct stat st;
    return place_is_ours(server) && stat(server->socket_path, &st) == 0;
}

static void on_idle_timer(struct mc_timer *timer)
{
    struct mc_server *server = timer->owner;
    int idle_seconds = server->core.options.idle_seconds;
    int64_t idle = mc_os_now() - server->idle_since;
    mc_peers_sweep(&server->peers);
    if (!can_be_found(server)) {
        mc_log("the socket is no longer ours: leaving when all is answered");
        server->leaving = true;
        mc_request_cancel_ahead(server);
        leave_where_settled(server);
    } else if (mc_list_empty(&server->requests) && idle_seconds > 0 &&
               idle > idle_seconds * SECOND) {
        mc_log("idle: leaving");
        server->core.loop.stop = true;
    }
    int64_t look = LOOK_SECONDS * SECOND;
    if (idle_seconds > 0 && idle_seconds < LOOK_SECONDS) {
        look = idle_seconds * SECOND / 2;
    }
    mc_loop_arm(&server->core.loop, timer, look);
}

static void on_cache_timer(struct mc_timer *timer)
{
    struct mc_server *server = timer->owner;
    mc_store_maintain(server->core.store);
    if (mc_list_empty(&server->requests)) {
        mc_os_return_memory();
    }
    mc_loop_arm(&server->core.loop, timer, CACHE_SECONDS * SECOND);
}

/* 1 where another daemon holds it. */
static int take_lock(struct mc_server *server, mc_err *err)
{
    mc_autofree char *path = NULL;
    if (mc_paths_lock(server->core.options.runtime_dir, &path, err) < 0) {
        return -1;
    }
    server->lock_fd = mc_fault("start") ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (server->lock_fd < 0) {
        return mc_err_errno(err, MC_IO, "open '%s'", path);
    }
    if (flock(server->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        return errno == EWOULDBLOCK ? 1 : mc_err_errno(err, MC_IO, "lock '%s'", path);
    }
    return 0;
}

/* The lock is held, so whatever earlier daemons of this build left here is nobody's. */
static int remove_left(const char *runtime_dir, const char *prefix, mc_err *err)
{
    int result = 0;
    DIR *dir = opendir(runtime_dir);
    if (!dir) {
        return mc_err_errno(err, MC_IO, "look into '%s'", runtime_dir);
    }
    const struct dirent *entry;
    while (result == 0 && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            mc_autofree char *path = mc_fs_join(runtime_dir, entry->d_name);
            result =
                path ? mc_fs_remove(path, err) : mc_err_set(err, MC_NO_MEMORY, "out of memory");
        }
    }
    closedir(dir);
    return result;
}

static int make_work_dir(struct mc_server *server, mc_err *err)
{
    const char *runtime_dir = server->core.options.runtime_dir;
    if (remove_left(runtime_dir, "work-" MC_BUILD_ID, err) < 0) {
        return -1;
    }
    if (asprintf(
            &server->core.work_dir, "%s/work-%s-%d", runtime_dir, MC_BUILD_ID, (int) getpid()) <
        0) {
        server->core.work_dir = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (mc_fs_mkdirs(server->core.work_dir, 0700, err) < 0) {
        return -1;
    }
    server->work_fd = open(server->core.work_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return server->work_fd < 0 ? mc_err_errno(err, MC_IO, "open '%s'", server->core.work_dir) : 0;
}

static int open_socket(struct mc_server *server, mc_err *err)
{
    const int no_limit = 0;
    const int mandatory = 1;
    const int64_t largest = 300LL << 20;
    const uid_t user = geteuid();
    char endpoint[128];
    struct stat st;
    if (mc_paths_socket(server->core.options.runtime_dir, &server->socket_path, err) < 0) {
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
    server->bound = true;
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
    if (mc_loop_add(&server->core.loop, &server->router_watch, err) < 0 ||
        mc_loop_add(&server->core.loop, &server->signal_watch, err) < 0) {
        return -1;
    }
    on_idle_timer(&server->idle_timer);
    on_cache_timer(&server->cache_timer);
    return 0;
}

static void init(struct mc_server *server, const struct mc_options *options)
{
    *server = (struct mc_server) {
        .core.options = *options, .lock_fd = -1, .signal_fd = -1, .work_fd = -1};
    server->started_at = server->idle_since = mc_os_now();
    server->settled = (struct mc_task) {.go = on_settled, .owner = server};
    server->peers.left = on_left;
    mc_loop_init(&server->core.loop);
    mc_list_init(&server->core.children);
    mc_list_init(&server->requests);
    mc_list_init(&server->peers.all);
    mc_list_init(&server->peers.processes);
    mc_toolchains_init(&server->toolchains, &server->core);
    mc_compilations_init(&server->compilations, &server->core);
    mc_refusals_init(&server->refusals);
    mc_runner_slots_init(&server->runners, &server->core);
    mc_languages_init(&server->languages, &server->core);
}

int mc_server_open(struct mc_server *server, const struct mc_options *options, mc_err *err)
{
    mc_descriptors_open();
    init(server, options);
    int locked = take_lock(server, err);
    if (locked) {
        return locked;
    }
    if (open_signals(server, err) < 0 || mc_os_subreaper(err) < 0 ||
        make_work_dir(server, err) < 0 ||
        mc_store_open(options->cache_dir, options->cache_limit, &server->core.store, err) < 0 ||
        open_socket(server, err) < 0 ||
        mc_peers_open(&server->peers, &server->core, server->zmq, server->router, err) < 0 ||
        watch_all(server, err) < 0) {
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
    return mc_loop_run(&server->core.loop, err);
}

static void close_sockets(struct mc_server *server)
{
    if (server->bound && place_is_ours(server)) {
        unlink(server->socket_path);
    }
    mc_peers_close(&server->peers);
    if (server->router) {
        const int linger = 500; /* last answers reach their peers */
        zmq_setsockopt(server->router, ZMQ_LINGER, &linger, sizeof linger);
        zmq_close(server->router);
    }
    if (server->zmq) {
        zmq_ctx_term(server->zmq);
    }
}

/* By what it is: where the runtime directory was deleted, another's may have its name. */
static void remove_work_dir(struct mc_server *server)
{
    mc_err err;
    if (is_file(server->core.work_dir, server->work_fd) &&
        mc_fs_remove(server->core.work_dir, &err) < 0) {
        mc_log("%s", err.message);
    }
}

void mc_server_close(struct mc_server *server)
{
    mc_request_end_all(server);
    mc_loop_run_tasks(&server->core.loop);
    mc_refusals_fini(&server->refusals);
    mc_toolchains_fini(&server->toolchains);
    mc_runner_slots_fini(&server->runners);
    mc_languages_fini(&server->languages);
    close_sockets(server);
    server->core.store = mc_store_close(server->core.store);
    remove_work_dir(server);
    for (size_t i = 0; i < 3; i++) {
        int fd = (int[]) {server->work_fd, server->signal_fd, server->lock_fd}[i];
        if (fd >= 0) {
            close(fd);
        }
    }
    free(server->socket_path);
    free(server->core.work_dir);
    mc_loop_fini(&server->core.loop);
}
