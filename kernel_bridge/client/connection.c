#include "kernel_bridge/client/connection.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "base/strv.h"
#include "proc/spawn.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MC_CHECK_MS = 50,
    MC_RETRY_MS = 10,
    MC_PROBE_MS = 1000, /* where there is no pidfd */
    MC_GRACE_MS = 20,   /* for what a daemon sent just before it died */
    MC_DEAF_MS = 1000,  /* who says nothing for so long does not hear either */
    MC_READY_FD = 3,
    MC_LARGEST_LOG = 1 << 20,
};

int mc_pause_look(struct mc_pause *pause, bool now_due, mc_err *err)
{
    int64_t now = mc_os_now();
    bool interrupted = atomic_load(pause->generation) != pause->seen;
    if (!interrupted && pause->check && (now_due || now - pause->checked >= MC_CHECK_MS * MC_MS)) {
        pause->checked = now;
        interrupted = pause->check(pause->arg) != 0;
    }
    pause->over = interrupted || now >= pause->deadline;
    if (interrupted) {
        return mc_err_set(err, MC_INTERRUPTED, "interrupted");
    }
    return pause->over ? mc_err_set(err, MC_TIMEOUT, "no answer in the time allowed") : 0;
}

/* Milliseconds until something is due, at most `most`. */
static int slice(const struct mc_pause *pause, int most)
{
    int64_t left = (pause->deadline - mc_os_now()) / MC_MS + 1;
    return left < 0 ? 0 : left < most ? (int) left : most;
}

/* The wake descriptor is shared by all threads: whoever it does not concern empties it. One that
 * empties it too early delays another by one slice, because the generation tells the truth. */
static void drain(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
}

/* Waits `ms` at most, or until the pause ends it. */
static int rest(struct mc_pause *pause, int ms, mc_err *err)
{
    struct pollfd item = {.fd = pause->wake_fd, .events = POLLIN};
    int ready = poll(&item, 1, slice(pause, ms));
    bool interrupted = ready < 0;
    if (mc_pause_look(pause, interrupted, err) < 0) {
        return -1;
    }
    if (ready > 0) {
        drain(pause->wake_fd);
    }
    return 0;
}

/* Who listens, as far as it can be told. */
struct listener {
    pid_t pid; /* 0: unknown */
    int pidfd; /* -1: it cannot be had */
};

/* Whether somebody listens, told by connect(2), because a ZeroMQ connect succeeds in any case.
 * Returns 1 where so; 0 where nobody does. */
static int probe(const char *path, struct listener *ret, mc_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mc_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return mc_err_errno(err, MC_SYSTEM, "socket");
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    *ret = (struct listener) {.pidfd = -1};
    if (connect(fd, (struct sockaddr *) &address, sizeof address) < 0) {
        if (errno == EAGAIN) { /* listening, with a full backlog */
            return 1;
        }
        if (errno == ENOENT || errno == ECONNREFUSED) {
            return 0;
        }
        return mc_err_errno(err, MC_DAEMON_UNAVAILABLE, "connect to '%s'", path);
    }
    struct ucred peer;
    socklen_t size = sizeof peer;
    mc_err ignored;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0) {
        return 1; /* in another pid namespace */
    }
    ret->pid = peer.pid;
    if (mc_os_pidfd(peer.pid, &ret->pidfd, &ignored) < 0) {
        ret->pidfd = -1;
        return ignored.sys != ESRCH;
    }
    return 1;
}

static int open_log(const char *dir)
{
    struct stat st;
    mc_autofree char *path = mc_fs_join(dir, "mojocelld.log");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > MC_LARGEST_LOG && ftruncate(fd, 0) < 0) {
        return fd; /* it only grows on */
    }
    return fd;
}

/* While a daemon starts. */
static int look(void *pause, mc_err *err)
{
    return mc_pause_look(pause, true, err) < 0 && err->code == MC_INTERRUPTED ? -1 : 0;
}

/* Returns 1 where another daemon of this build holds the lock: it is starting, or leaving. */
static int start_daemon(const struct mc_connection_options *options,
                        int timeout_ms,
                        struct mc_pause *pause,
                        mc_err *err)
{
    char line[256];
    mc_autostrv argv = MC_STRV_INIT;
    if (!options->daemon) {
        mc_err_set(err, MC_DAEMON_UNAVAILABLE, "mojocelld was not found");
        return mc_err_hint(err, "set MOJOCELL_DAEMON to its path, or put it on PATH");
    }
    mc_strv_add(&argv, options->daemon);
    mc_strv_add(&argv, "--runtime-dir");
    mc_strv_add(&argv, options->runtime_dir);
    mc_strv_add(&argv, "--ready-fd");
    mc_strv_addf(&argv, "%d", MC_READY_FD);
    if (mc_strv_check(&argv, err) < 0) {
        return -1;
    }
    mc_autoclose int log = open_log(options->runtime_dir);
    struct mc_spawn_daemon daemon = {.spec = MC_SPAWN_INIT,
                                     .ready_fd = MC_READY_FD,
                                     .timeout_ms = timeout_ms,
                                     .pause = look,
                                     .arg = pause};
    daemon.spec.path = options->daemon;
    daemon.spec.argv = argv.items;
    daemon.spec.envp = options->envp;
    daemon.spec.cwd = "/";
    daemon.spec.err = log;
    int started = mc_spawn_daemon(&daemon, NULL, line, sizeof line, err);
    if (started == 0 && strcmp(line, "held") == 0) {
        return 1;
    }
    if (started < 0) {
        mc_err_wrap(err, "start the daemon");
    } else if (strncmp(line, "error", 5) == 0) {
        started = mc_err_set(
            err, MC_DAEMON_UNAVAILABLE, "start the daemon: %s", line[5] ? line + 6 : "it failed");
    }
    if (started < 0 && err->code != MC_INTERRUPTED) {
        err->code = MC_DAEMON_UNAVAILABLE;
        return mc_err_hint(err, "its log is '%.180s/mojocelld.log'", options->runtime_dir);
    }
    return started;
}

/* Under the lock, so that of any number of clients one starts a daemon and the others find it. As
 * for probe. */
static int start_locked(const struct mc_connection_options *options,
                        int patience_ms,
                        struct mc_pause *pause,
                        struct listener *ret,
                        mc_err *err)
{
    mc_autoclose int lock =
        open(options->start_lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) {
        return mc_err_errno(err, MC_DAEMON_UNAVAILABLE, "open '%s'", options->start_lock);
    }
    int listening;
    /* Another client may take all of its time; one that is in a hurry does not wait for that. */
    bool hurries = patience_ms < options->start_timeout_ms;
    int64_t give_up = mc_os_now() + (hurries ? 1 : 2) * MC_MS * patience_ms;
    bool locked = false;
    while ((listening = probe(options->socket_path, ret, err)) == 0) {
        if (mc_os_now() > give_up) {
            mc_err_set(err,
                       MC_DAEMON_UNAVAILABLE,
                       "another client is starting a daemon and does not finish");
            return mc_err_hint(err, "its log is '%.180s/mojocelld.log'", options->runtime_dir);
        }
        if (!locked) {
            locked = flock(lock, LOCK_EX | LOCK_NB) == 0;
            if (locked) {
                continue; /* it may have been started meanwhile */
            }
        } else {
            int started = start_daemon(options, slice(pause, patience_ms), pause, err);
            if (started <= 0) {
                listening = started < 0 ? -1 : probe(options->socket_path, ret, err);
                return listening ? listening
                                 : mc_err_set(err,
                                              MC_DAEMON_UNAVAILABLE,
                                              "a daemon was started and does not listen at '%s'",
                                              options->socket_path);
            }
        }
        if (rest(pause, MC_RETRY_MS, err) < 0) {
            return mc_err_wrap(err, "start the daemon");
        }
    }
    return listening;
}

static int find_daemon(const struct mc_connection_options *options,
                       bool start,
                       int patience_ms,
                       struct mc_pause *pause,
                       struct listener *ret,
                       mc_err *err)
{
    int listening = probe(options->socket_path, ret, err);
    if (listening) {
        return listening;
    }
    if (!start || !options->start_daemon) {
        return mc_err_set(
            err, MC_DAEMON_UNAVAILABLE, "no daemon is running in '%s'", options->runtime_dir);
    }
    return start_locked(options, patience_ms, pause, ret, err);
}

bool mc_connection_is_dead(const struct mc_connection *connection)
{
    struct pollfd item = {.fd = connection->pidfd, .events = POLLIN};
    mc_err ignored;
    struct listener other;
    if (connection->pidfd >= 0) {
        return poll(&item, 1, 0) > 0;
    }
    int listening = probe(connection->socket_path, &other, &ignored);
    if (listening > 0 && other.pidfd >= 0) {
        close(other.pidfd);
    }
    return listening <= 0;
}

/* A message of the dead may still be on its way through the socket's own thread. */
static int after_death(const struct mc_connection *connection)
{
    zmq_pollitem_t item = {.socket = connection->socket, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, MC_GRACE_MS) > 0 ? 0 : 1;
}

int mc_connection_wait(struct mc_connection *connection, struct mc_pause *pause, mc_err *err)
{
    zmq_pollitem_t items[] = {
        {.socket = connection->socket, .events = ZMQ_POLLIN},
        {.fd = pause->wake_fd, .events = ZMQ_POLLIN},
        {.fd = connection->pidfd, .events = ZMQ_POLLIN},
    };
    int ready = zmq_poll(items, connection->pidfd >= 0 ? 3 : 2, slice(pause, MC_CHECK_MS));
    bool interrupted = ready < 0 && zmq_errno() == EINTR;
    if (ready < 0 && !interrupted) {
        return mc_err_set(err, MC_SYSTEM, "wait for the daemon: %s", zmq_strerror(zmq_errno()));
    }
    if (mc_pause_look(pause, interrupted, err) < 0) {
        return -1;
    }
    if (ready <= 0) {
        bool due = connection->pidfd < 0 && mc_os_now() - connection->probed > MC_PROBE_MS * MC_MS;
        connection->probed = due ? mc_os_now() : connection->probed;
        return due && mc_connection_is_dead(connection) ? after_death(connection) : 0;
    }
    if (items[1].revents) {
        drain(pause->wake_fd);
    }
    return !items[0].revents && items[2].revents ? after_death(connection) : 0;
}

int mc_connection_await_end(struct mc_connection *connection,
                            int ms,
                            struct mc_pause *pause,
                            mc_err *err)
{
    int64_t until = mc_os_now() + ms * MC_MS;
    while (!mc_connection_is_dead(connection) && mc_os_now() < until) {
        if (rest(pause, MC_RETRY_MS, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int open_socket(void *zmq, struct mc_connection *connection, mc_err *err)
{
    const int no_limit = 0;
    char endpoint[MC_PATHS_SOCKET_LIMIT + 8];
    connection->socket = zmq_socket(zmq, ZMQ_DEALER);
    if (!connection->socket) {
        return mc_err_set(err, MC_SYSTEM, "make a socket: %s", zmq_strerror(zmq_errno()));
    }
    zmq_setsockopt(connection->socket, ZMQ_LINGER, &no_limit, sizeof no_limit);
    zmq_setsockopt(connection->socket, ZMQ_SNDHWM, &no_limit, sizeof no_limit);
    zmq_setsockopt(connection->socket, ZMQ_RCVHWM, &no_limit, sizeof no_limit);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", connection->socket_path);
    if (zmq_connect(connection->socket, endpoint) < 0) {
        return mc_err_set(err,
                          MC_SYSTEM,
                          "connect to '%s': %s",
                          connection->socket_path,
                          zmq_strerror(zmq_errno()));
    }
    return 0;
}

bool mc_connection_is_refused(const struct mc_connection *connection,
                              const json_t *event,
                              mc_err *err)
{
    const char *code = json_string_value(json_object_get(event, "code"));
    const char *message = json_string_value(json_object_get(event, "message"));
    bool full = code && mc_code_from_name(code) == MC_TOO_MANY_CLIENTS;
    bool busy = code && message && mc_code_from_name(code) == MC_BUSY &&
                strstr(message, "too many clients") != NULL;
    if (!full && !busy) {
        return false;
    }
    mc_err_set(err,
               MC_TOO_MANY_CLIENTS,
               "the daemon at '%s' has too many clients to take another",
               connection->socket_path);
    mc_err_hint(err, "close notebooks or raise the limit of open files: ulimit -n");
    return true;
}

static int
read_hello(struct mc_connection *connection, const struct mc_message *answer, mc_err *err)
{
    const char *event = json_string_value(json_object_get(answer->header, "event"));
    const char *message = json_string_value(json_object_get(answer->header, "message"));
    const json_t *protocol = json_object_get(answer->header, "protocol");
    const json_t *pid = json_object_get(answer->header, "pid");
    if (event && strcmp(event, "error") == 0) {
        return mc_connection_is_refused(connection, answer->header, err)
                   ? -1
                   : mc_err_set(err,
                                MC_PROTOCOL,
                                "the daemon refuses hello: %s",
                                message ? message : "(no message)");
    }
    if (!event || strcmp(event, "result") != 0 || !json_is_integer(pid)) {
        return mc_err_set(err, MC_PROTOCOL, "the daemon's answer to hello is none");
    }
    if (json_integer_value(protocol) != MC_PROTOCOL_VERSION) {
        return mc_err_set(
            err, MC_PROTOCOL, "the daemon does not speak protocol %d", MC_PROTOCOL_VERSION);
    }
    connection->pid = (pid_t) json_integer_value(pid);
    return 0;
}

/* The answer to hello. 1 where the daemon died instead. */
static int await_hello(struct mc_connection *connection, struct mc_pause *pause, mc_err *err)
{
    for (;;) {
        mc_automessage answer = {0};
        int got = mc_message_recv(connection->socket, false, &answer, err);
        if (got < 0) {
            return -1;
        }
        if (got == 2) {
            err->code = MC_PROTOCOL;
            return mc_err_wrap(err, "the daemon's answer to hello");
        }
        if (got == 1) {
            return read_hello(connection, &answer, err);
        }
        int waited = mc_connection_wait(connection, pause, err);
        if (waited) {
            return waited;
        }
    }
}

int mc_connection_ask(struct mc_connection *connection, mc_err *err)
{
    char text[96];
    int length = snprintf(text,
                          sizeof text,
                          "{\"op\":\"hello\",\"id\":\"hello\",\"protocol\":%d,\"pid\":%d}",
                          MC_PROTOCOL_VERSION,
                          (int) getpid());
    return mc_message_send_text(
        connection->socket, NULL, (struct mc_frame) {text, (size_t) length}, NULL, 0, err);
}

int mc_connection_no_answer(const struct mc_connection *connection, mc_err *err)
{
    mc_err_set(
        err, MC_DAEMON_UNAVAILABLE, "the daemon at '%s' does not answer", connection->socket_path);
    return connection->pid > 0
               ? mc_err_hint(err,
                             "end the process mojocelld (kill -9 %d), then try again",
                             (int) connection->pid)
               : mc_err_hint(err, "end the process mojocelld, then try again");
}

static int
say_hello(struct mc_connection *connection, int patience_ms, struct mc_pause *pause, mc_err *err)
{
    struct mc_pause bounded = *pause;
    int64_t began = mc_os_now();
    int64_t limit = began + patience_ms * MC_MS;
    bounded.deadline = limit < pause->deadline ? limit : pause->deadline;
    if (mc_connection_ask(connection, err) < 0) {
        return -1;
    }
    int answered = await_hello(connection, &bounded, err);
    if (answered < 0 && err->code == MC_TIMEOUT &&
        (mc_os_now() >= limit || mc_os_now() - began >= MC_DEAF_MS * MC_MS)) {
        return mc_connection_no_answer(connection, err);
    }
    return answered;
}

int mc_connection_open(void *zmq,
                       const struct mc_connection_options *options,
                       bool start,
                       int patience_ms,
                       struct mc_pause *pause,
                       struct mc_connection **ret,
                       mc_err *err)
{
    struct listener listener = {.pidfd = -1};
    struct mc_connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    connection->socket_path = options->socket_path;
    connection->pidfd = -1;
    connection->probed = mc_os_now();
    int opened = find_daemon(options, start, patience_ms, pause, &listener, err);
    connection->pidfd = listener.pidfd;
    connection->pid = listener.pid;
    if (opened > 0) {
        opened = open_socket(zmq, connection, err);
    }
    if (opened == 0) {
        opened = say_hello(connection, patience_ms, pause, err);
    }
    if (opened) {
        mc_connection_free(connection);
        return opened;
    }
    *ret = connection;
    return 0;
}

struct mc_connection *mc_connection_free(struct mc_connection *connection)
{
    if (connection) {
        if (connection->socket) {
            zmq_close(connection->socket);
        }
        if (connection->pidfd >= 0) {
            close(connection->pidfd);
        }
        free(connection);
    }
    return NULL;
}
