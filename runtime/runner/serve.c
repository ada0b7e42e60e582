#include "runner/serve.h"

#include "abi/order.h"
#include "abi/share_memory.h"
#include "abi/signature.h"
#include "base/err.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define LOOK_SECONDS 1 /* how often a sleeping worker looks whether its caller is still there */

struct function {
    mc_thunk *thunk;
    struct mc_signature signature;
};

struct server {
    int socket;
    int file;
    struct mc_share *share;
    uint64_t mapped; /* bytes */
    uint64_t used;   /* of the result's memory, an offset */
    mc_release_thunk *release;
    struct function *functions;
    size_t count;
    struct mc_share_hello hello;
    struct mc_share_spins spins;
};

static _Noreturn void give_up(struct mc_wire_slot *slot, const char *message)
{
    snprintf(slot->message, sizeof slot->message, "%s", message);
    _exit(127);
}

/* ---- how it begins ---- */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t size = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof address.sun_path) {
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != getuid()) {
        return -1;
    }
    return fd;
}

static int receive_hello(int socket, struct mc_share_hello *ret, int ret_fds[MC_SHARE_FDS])
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(MC_SHARE_FDS * sizeof(int))];
    } control = {0};
    struct iovec part = {ret, sizeof *ret};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t n;
    do {
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    struct cmsghdr *c = n == (ssize_t) sizeof *ret ? CMSG_FIRSTHDR(&message) : NULL;
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(MC_SHARE_FDS * sizeof(int)) ||
        ret->version != MC_SHARE_VERSION) {
        return -1;
    }
    memcpy(ret_fds, CMSG_DATA(c), MC_SHARE_FDS * sizeof(int));
    return 0;
}

static int map_file(struct server *server)
{
    struct stat status;
    if (fstat(server->file, &status) < 0 || status.st_size < (off_t) MC_SHARE_DATA) {
        return -1;
    }
    server->mapped = (uint64_t) status.st_size;
    void *memory = mmap(NULL, server->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, server->file, 0);
    server->share = memory == MAP_FAILED ? NULL : memory;
    return server->share ? 0 : -1;
}

static int
add_function(struct server *server, void *library, char *line, struct mc_share_ready *ready)
{
    char *signature = strchr(line, ' ');
    mc_err err = {0};
    struct function *functions =
        realloc(server->functions, (server->count + 1) * sizeof *functions);
    if (!signature || !functions) {
        return -1;
    }
    *signature++ = '\0';
    server->functions = functions;
    struct function *function = &functions[server->count];
    *function = (struct function) {.thunk = (mc_thunk *) (uintptr_t) dlsym(library, line)};
    if (!function->thunk || mc_signature_parse(signature, &function->signature, &err) < 0) {
        snprintf(ready->message,
                 sizeof ready->message,
                 "%.60s: %.180s",
                 line,
                 function->thunk ? err.message : "the artifact has no such function");
        return -1;
    }
    server->count++;
    return 0;
}

static void read_table(struct server *server, void *library, struct mc_share_ready *ready)
{
    uint64_t length = server->hello.table_length;
    char *text = length < server->mapped - MC_SHARE_DATA
                     ? strndup((char *) server->share + MC_SHARE_DATA, length)
                     : NULL;
    char *rest = text;
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (add_function(server, library, line, ready) < 0) {
            break;
        }
    }
    free(text);
    ready->version = MC_SHARE_VERSION;
    ready->functions = (uint32_t) server->count;
}

static void
open_server(struct server *server, void *library, const char *path, struct mc_wire_slot *slot)
{
    int fds[MC_SHARE_FDS];
    struct mc_share_ready ready = {0};
    server->socket = connect_to(path);
    if (server->socket < 0 || receive_hello(server->socket, &server->hello, fds) < 0) {
        give_up(slot, "the caller of the worker is gone");
    }
    server->file = fds[MC_SHARE_FILE];
    if (map_file(server) < 0 || dup2(fds[MC_SHARE_OUT], 1) < 0 || dup2(fds[MC_SHARE_ERR], 2) < 0) {
        give_up(slot, "the worker's shared memory cannot be used");
    }
    close(fds[MC_SHARE_OUT]);
    close(fds[MC_SHARE_ERR]);
    mc_order_begin_files(fds[MC_SHARE_TURNS]);
    server->release = (mc_release_thunk *) (uintptr_t) dlsym(library, MC_THUNK_RELEASE);
    server->spins = (struct mc_share_spins) {server->hello.spins, server->hello.spins};
    read_table(server, library, &ready);
    if (send(server->socket, &ready, sizeof ready, MSG_NOSIGNAL) != (ssize_t) sizeof ready ||
        ready.message[0]) {
        give_up(slot, "the worker cannot serve its caller");
    }
}

/* ---- a call ---- */

/* Keeps up with a file that the caller has made larger. */
static int follow(struct server *server)
{
    uint64_t size = atomic_load(&server->share->size);
    if (size <= server->mapped) {
        return 0;
    }
    void *memory = mremap(server->share, server->mapped, size, MREMAP_MAYMOVE);
    if (memory == MAP_FAILED) {
        return -1;
    }
    server->share = memory;
    server->mapped = size;
    return 0;
}

static int grow(struct server *server, uint64_t size)
{
    if (size <= server->mapped) {
        return 0;
    }
    size = (size + size / 2 + 4095) & ~(uint64_t) 4095;
    if (posix_fallocate(server->file, 0, (off_t) size) != 0) {
        return -1;
    }
    atomic_store(&server->share->size, size);
    return follow(server);
}

static int move_out(const struct mc_memory *memory, void *data)
{
    struct server *server = data;
    void *from = (void *) (uintptr_t) *memory->address;
    uint64_t bytes = memory->count * memory->size;
    memcpy((char *) server->share + server->used, from, bytes);
    server->release(from);
    *memory->address = server->used;
    server->used += mc_share_align(bytes);
    return 0;
}

static int release_only(const struct mc_memory *memory, void *data)
{
    const struct server *server = data;
    server->release((void *) (uintptr_t) *memory->address);
    return 0;
}

/* Into the shared memory, over the arguments, which are no longer needed. Writable ones are: the
 * results come behind them. */
static void give_result(struct server *server, const struct function *function, uint64_t *out)
{
    const struct mc_type *type = &function->signature.result;
    uint64_t bytes = 0;
    mc_memory_walk(type, out, mc_share_add_bytes, &bytes);
    if (bytes > 0 && grow(server, server->used + bytes) < 0) {
        mc_memory_walk(type, out, release_only, server);
        server->share->no_memory = true;
        return;
    }
    mc_memory_walk(type, out, move_out, server);
    memcpy(server->share->out, out, type->words * sizeof *out);
}

static int note_end(const struct mc_memory *memory, void *data)
{
    uint64_t *end = data;
    uint64_t last = mc_share_align(*memory->address + memory->count * memory->size);
    *end = last > *end ? last : *end;
    return 0;
}

static int32_t do_nothing(const uint64_t *in, uint64_t *out)
{
    (void) in;
    out[0] = 0;
    return MC_THUNK_RETURNED;
}

static const struct function nothing = {.thunk = do_nothing,
                                        .signature = {.result = {.kind = MC_TYPE_NONE}}};

static const struct function *function_of(const struct server *server)
{
    uint32_t wanted = server->share->function;
    if (wanted == MC_SHARE_NOTHING) {
        return &nothing;
    }
    if (wanted >= server->count) {
        abort();
    }
    return &server->functions[wanted];
}

static void call(struct server *server)
{
    uint64_t in[MC_THUNK_IN_WORDS];
    uint64_t out[MC_THUNK_OUT_WORDS];
    if (follow(server) < 0) {
        abort();
    }
    struct mc_share *share = server->share;
    struct mc_share_mapping mapping = {share, server->mapped};
    const struct function *function = function_of(server);
    memcpy(in, share->in, function->signature.in_words * sizeof *in);
    server->used = MC_SHARE_DATA;
    mc_memory_walk_in(&function->signature, in, note_end, &server->used);
    if (mc_memory_walk_in(&function->signature, in, mc_share_to_address, &mapping) < 0) {
        abort();
    }
    share->no_memory = false;
    int32_t status = function->thunk(in, out);
    fflush(NULL);
    if (status == MC_THUNK_RETURNED) {
        give_result(server, function, out);
    } else {
        uint64_t length = out[0] < MC_THUNK_ERROR_MAX ? out[0] : MC_THUNK_ERROR_MAX;
        memcpy(share->out, out, sizeof *out + length);
    }
    server->share->status = status;
    for (int i = 0; i < 2; i++) {
        off_t at = lseek(1 + i, 0, SEEK_CUR);
        server->share->printed[i] = at > 0 ? (uint64_t) at : 0;
    }
}

/* ---- waiting ---- */

static bool caller_is_gone(const struct server *server)
{
    struct pollfd poller = {.fd = server->socket, .events = POLLIN};
    return poll(&poller, 1, 0) != 0; /* it says nothing more: this is its end */
}

/* For the next request. Ends the process where there will be none. */
static void await(struct server *server, uint32_t last)
{
    struct timespec look = {.tv_sec = LOOK_SECONDS};
    if (mc_share_spin(&server->spins, &server->share->request, last + 1)) {
        return;
    }
    atomic_store(&server->share->worker_sleeps, 1);
    for (uint32_t slept = 0; atomic_load(&server->share->request) == last;) {
        if (mc_share_sleep(&server->share->request, last, &look) < 0 && errno == ETIMEDOUT) {
            slept += LOOK_SECONDS;
            if (caller_is_gone(server) || slept >= server->hello.idle_seconds) {
                _exit(0);
            }
        }
    }
    atomic_store(&server->share->worker_sleeps, 0);
}

_Noreturn void mc_serve(void *library, const char *socket_path, struct mc_wire_slot *slot)
{
    struct server server = {0};
    open_server(&server, library, socket_path, slot);
    for (uint32_t last = 0;; last++) {
        await(&server, last);
        atomic_store(&server.share->taken, last + 1);
        call(&server);
        mc_share_raise(&server.share->reply, last + 1, &server.share->caller_sleeps);
    }
}
