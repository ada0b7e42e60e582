#include "kernel_bridge/worker/worker.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"

#include <jansson.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define LOOK_MS    50
#define START_MS   60000 /* the artifact may have to be compiled again */
#define EXPLAIN_MS 5000
#define END_MS     500 /* for the daemon to say of one that was killed that it has ended */
#define FIRST_SIZE (MC_SHARE_DATA + 65536)

/* ---- the request ---- */

static int is_abandoned(void *data)
{
    const struct mc_worker *worker = data;
    return atomic_load(&worker->abandoned);
}

static void *keep(void *data)
{
    struct mc_worker *worker = data;
    struct mc_client_call call = {.header = {worker->header, strlen(worker->header)},
                                  .check = is_abandoned,
                                  .arg = worker,
                                  .silence_ns = worker->plan->silence_ns,
                                  .detached = true};
    mc_err err = {0};
    if (mc_client_request(worker->plan->client, &call, &worker->answer, &err) < 0) {
        worker->failure = err;
    }
    atomic_store(&worker->answered, true);
    eventfd_write(worker->wake, 1);
    return NULL;
}

static int make_header(struct mc_worker *worker, const char *socket_path, mc_err *err)
{
    json_t *header = json_loads(worker->plan->header, 0, NULL);
    if (!header) {
        return mc_err_set(err, MC_INVALID_REQUEST, "the request of a worker is no JSON object");
    }
    json_object_set_new(header, "worker", json_string(socket_path));
    worker->header = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return worker->header ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

/* Signals are for the threads that the program knows of. */
static int start_keeper(struct mc_worker *worker, mc_err *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&worker->keeper, NULL, keep, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return failed ? mc_err_errno(err, MC_SYSTEM, "start a thread") : 0;
}

/* ---- its end ---- */

bool mc_worker_is_over(struct mc_worker *worker)
{
    if (atomic_load(&worker->answered)) {
        atomic_store(&worker->over, true);
    }
    return atomic_load(&worker->over);
}

bool mc_worker_has_ended(struct mc_worker *worker)
{
    struct pollfd poller = {.fd = worker->pidfd, .events = POLLIN};
    return mc_worker_is_over(worker) || poll(&poller, 1, 0) == 1;
}

void mc_worker_kill(struct mc_worker *worker)
{
    if (worker->pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, worker->pidfd, SIGKILL, NULL, 0);
    }
}

static bool await_answer(struct mc_worker *worker, int ms)
{
    struct pollfd poller = {.fd = worker->wake, .events = POLLIN};
    while (!atomic_load(&worker->answered) && ms > 0) {
        poll(&poller, 1, LOOK_MS);
        ms -= LOOK_MS;
    }
    return atomic_load(&worker->answered);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int number_of(const json_t *object, const char *name)
{
    return (int) json_integer_value(json_object_get(object, name));
}

static void read_place(const json_t *failure, struct mc_worker_outcome *ret)
{
    const json_t *frames = json_object_get(failure, "frames");
    ret->line = number_of(failure, "line");
    ret->column = number_of(failure, "column");
    snprintf(ret->module, sizeof ret->module, "%s", text_of(failure, "module"));
    snprintf(ret->library, sizeof ret->library, "%s", text_of(failure, "library"));
    snprintf(ret->inside, sizeof ret->inside, "%s", text_of(failure, "inside"));
    for (size_t i = 0; i < json_array_size(frames) && ret->count < MC_WORDS_FRAMES; i++) {
        ret->frames[ret->count++] = (uint64_t) json_integer_value(json_array_get(frames, i));
    }
}

int mc_worker_explain(struct mc_worker *worker, struct mc_worker_outcome *ret, mc_err *err)
{
    int64_t hurry = worker->plan->silence_ns / 1000000;
    if (!await_answer(worker, hurry > 0 && hurry < EXPLAIN_MS ? (int) hurry : EXPLAIN_MS)) {
        return mc_err_set(err, MC_RUNNER_FAILED, "the worker ended, and nobody knows why");
    }
    if (worker->failure.code != MC_OK) {
        *err = worker->failure;
        return -1;
    }
    const json_t *result = worker->answer.header;
    const json_t *failure = json_object_get(result, "failure");
    const char *code = text_of(failure, "code");
    bool limited = strcmp(code, "limit") == 0 || strcmp(code, "timeout") == 0;
    ret->kind = limited ? MC_WORKER_LIMIT : MC_WORKER_CRASHED;
    ret->signal = number_of(result, "signal");
    read_place(failure, ret);
    ret->stack_overflow = strcmp(text_of(failure, "message"), "stack overflow") == 0;
    snprintf(ret->limit, sizeof ret->limit, "%s", limited ? text_of(result, "limit") : "");
    snprintf(ret->message, sizeof ret->message, "%s", text_of(failure, "message"));
    if (!failure || strcmp(code, "exited") == 0) {
        snprintf(ret->message,
                 sizeof ret->message,
                 "the function ended its process with exit status %d",
                 number_of(result, "returncode"));
    }
    return 0;
}

static void close_all(const struct mc_worker *worker)
{
    const int fds[] = {worker->socket,
                       worker->file,
                       worker->pidfd,
                       worker->wake,
                       worker->prints[0],
                       worker->prints[1],
                       worker->turns};
    for (size_t i = 0; i < MC_LENGTH(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

void mc_worker_end(struct mc_worker *worker)
{
    mc_worker_kill(worker);
    if (worker->header) {
        await_answer(worker, worker->pidfd >= 0 ? END_MS : 0);
        atomic_store(&worker->abandoned, true);
        pthread_join(worker->keeper, NULL);
    }
    if (worker->share) {
        munmap(worker->share, worker->mapped);
    }
    mc_message_fini(&worker->answer);
    close_all(worker);
    free(worker->header);
    free(worker);
}

/* ---- shared memory ---- */

static int map(struct mc_worker *worker, uint64_t size, mc_err *err)
{
    void *memory = worker->share
                       ? mremap(worker->share, worker->mapped, size, MREMAP_MAYMOVE)
                       : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, worker->file, 0);
    if (memory == MAP_FAILED) {
        return mc_err_errno(err, MC_NO_MEMORY, "map the memory shared with a worker");
    }
    worker->share = memory;
    worker->mapped = size;
    return 0;
}

int mc_worker_grow(struct mc_worker *worker, uint64_t size, mc_err *err)
{
    if (size <= worker->mapped) {
        return 0;
    }
    size = (size + size / 4 + 4095) & ~(uint64_t) 4095;
    errno = posix_fallocate(worker->file, 0, (off_t) size);
    if (errno) {
        return mc_err_errno(err, MC_NO_MEMORY, "make the memory shared with a worker larger");
    }
    if (map(worker, size, err) < 0) {
        return -1;
    }
    atomic_store(&worker->share->size, size);
    return 0;
}

int mc_worker_follow(struct mc_worker *worker, mc_err *err)
{
    uint64_t size = atomic_load(&worker->share->size);
    return size > worker->mapped ? map(worker, size, err) : 0;
}

static int make_files(struct mc_worker *worker, mc_err *err)
{
    worker->file = memfd_create("mojocell-call", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    worker->prints[0] = memfd_create("mojocell-stdout", MFD_CLOEXEC);
    worker->prints[1] = memfd_create("mojocell-stderr", MFD_CLOEXEC);
    worker->turns = memfd_create("mojocell-order", MFD_CLOEXEC);
    if (worker->file < 0 || worker->prints[0] < 0 || worker->prints[1] < 0 || worker->turns < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make memory to share with a worker");
    }
    size_t length = strlen(worker->plan->table);
    if (mc_worker_grow(worker, FIRST_SIZE + length, err) < 0) {
        return -1;
    }
    if (fcntl(worker->file, F_ADD_SEALS, F_SEAL_SHRINK) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "seal the memory shared with a worker");
    }
    memcpy((char *) worker->share + MC_SHARE_DATA, worker->plan->table, length);
    return 0;
}

/* ---- the private socket ---- */

static int make_listener(const char *directory, struct sockaddr_un *ret, int *ret_fd, mc_err *err)
{
    uint64_t number;
    mc_autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (getrandom(&number, sizeof number, 0) != sizeof number || fd < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make a socket");
    }
    *ret = (struct sockaddr_un) {.sun_family = AF_UNIX};
    int length = snprintf(ret->sun_path,
                          sizeof ret->sun_path,
                          "%s/call-%016llx",
                          directory,
                          (unsigned long long) number);
    if (length >= (int) sizeof ret->sun_path) {
        return mc_err_set(err, MC_INVALID_REQUEST, "the path %s is too long", directory);
    }
    if (bind(fd, (struct sockaddr *) ret, sizeof *ret) < 0 || listen(fd, 1) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "listen on '%s'", ret->sun_path);
    }
    *ret_fd = mc_take_fd(&fd);
    return 0;
}

/* Waits until `fd` is readable: not where the request has ended or the caller does not want it any
 * more. */
static int
await_readable(struct mc_worker *worker, int fd, int (*check)(void *), void *arg, mc_err *err)
{
    struct pollfd pollers[] = {{.fd = fd, .events = POLLIN},
                               {.fd = worker->wake, .events = POLLIN}};
    for (int64_t end = mc_os_now() + (int64_t) START_MS * 1000000; mc_os_now() < end;) {
        int n = poll(pollers, 2, LOOK_MS);
        if (n > 0 && pollers[0].revents) {
            return 0;
        }
        if (n > 0 && pollers[1].revents) {
            break;
        }
        if (check && check(arg)) {
            return mc_err_set(err, MC_INTERRUPTED, "interrupted");
        }
    }
    struct mc_worker_outcome outcome = {0};
    if (mc_worker_explain(worker, &outcome, err) == 0) {
        mc_err_set(err, MC_RUNNER_FAILED, "no worker could be started: %s", outcome.message);
    }
    return -1;
}

static int accept_worker(struct mc_worker *worker, int listener, mc_err *err)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    worker->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (worker->socket < 0 ||
        getsockopt(worker->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "accept a worker");
    }
    if (peer.uid != getuid()) {
        return mc_err_set(err, MC_PERMISSION, "somebody else connected in a worker's place");
    }
    worker->pid = peer.pid;
    clock_getcpuclockid(peer.pid, &worker->cpu);
    return mc_os_pidfd(peer.pid, &worker->pidfd, err);
}

static int send_hello(const struct mc_worker *worker, mc_err *err)
{
    struct mc_share_hello hello = {.version = MC_SHARE_VERSION,
                                   .idle_seconds = (uint32_t) worker->plan->idle_seconds,
                                   .table_length = strlen(worker->plan->table),
                                   .spins = worker->plan->spins};
    const int fds[MC_SHARE_FDS] = {
        worker->file, worker->prints[0], worker->prints[1], worker->turns};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof fds)];
    } control = {0};
    struct iovec part = {&hello, sizeof hello};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    control.header = (struct cmsghdr) {
        .cmsg_len = CMSG_LEN(sizeof fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
    if (sendmsg(worker->socket, &message, MSG_NOSIGNAL) != (ssize_t) sizeof hello) {
        return mc_err_errno(err, MC_SYSTEM, "greet a worker");
    }
    return 0;
}

static int read_ready(struct mc_worker *worker, mc_err *err)
{
    struct mc_share_ready ready;
    ssize_t n = recv(worker->socket, &ready, sizeof ready, 0);
    if (n != (ssize_t) sizeof ready || ready.version != MC_SHARE_VERSION) {
        return mc_err_set(err, MC_RUNNER_FAILED, "the worker ended before it was ready");
    }
    if (ready.message[0]) {
        return mc_err_set(err, MC_RUNNER_FAILED, "the worker is not ready: %s", ready.message);
    }
    return 0;
}

static int connect_worker(struct mc_worker *worker, int (*check)(void *), void *arg, mc_err *err)
{
    struct sockaddr_un address;
    mc_autoclose int listener = -1;
    if (make_listener(worker->plan->directory, &address, &listener, err) < 0) {
        return -1;
    }
    int outcome = make_header(worker, address.sun_path, err);
    if (outcome == 0 && start_keeper(worker, err) < 0) {
        worker->header = (free(worker->header), NULL);
        outcome = -1;
    }
    if (outcome == 0) {
        outcome = await_readable(worker, listener, check, arg, err);
    }
    if (outcome == 0) {
        outcome = accept_worker(worker, listener, err);
    }
    unlink(address.sun_path);
    if (outcome < 0 || send_hello(worker, err) < 0 ||
        await_readable(worker, worker->socket, check, arg, err) < 0) {
        return -1;
    }
    return read_ready(worker, err);
}

int mc_worker_start(const struct mc_worker_plan *plan,
                    int (*check)(void *),
                    void *arg,
                    struct mc_worker **ret,
                    mc_err *err)
{
    struct mc_worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    worker->plan = plan;
    worker->spins = (struct mc_share_spins) {plan->spins, plan->spins};
    worker->socket = worker->file = worker->pidfd = -1;
    worker->prints[0] = worker->prints[1] = worker->turns = -1;
    worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->wake < 0) {
        mc_err_errno(err, MC_SYSTEM, "eventfd");
    }
    if (worker->wake < 0 || make_files(worker, err) < 0 ||
        connect_worker(worker, check, arg, err) < 0) {
        mc_worker_end(worker);
        return -1;
    }
    *ret = worker;
    return 0;
}

long mc_worker_find(const struct mc_worker *worker, const char *symbol)
{
    size_t length = strlen(symbol);
    long place = 0;
    for (const char *line = worker->plan->table; *line; place++) {
        if (strncmp(line, symbol, length) == 0 && line[length] == ' ') {
            return place;
        }
        line = strchr(line, '\n');
        if (!line++) {
            break;
        }
    }
    return -1;
}
