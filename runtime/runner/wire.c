#include "runner/wire.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG_ENTRY MC_TAG_NAME "="

int mc_wire_send(
    int socket, const void *message, size_t size, const int *fds, size_t count, int flags)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(MC_WIRE_FDS * sizeof(int))];
    } control = {0};
    struct iovec part = {(void *) (uintptr_t) message, size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &header, flags | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

ssize_t mc_wire_receive(
    int socket, void *ret, size_t size, int ret_fds[MC_WIRE_FDS], size_t *ret_count, int flags)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(MC_WIRE_FDS * sizeof(int))];
    } control = {0};
    struct iovec part = {ret, size};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};
    ssize_t n;
    do {
        n = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&header) : NULL;
    *ret_count = 0;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        *ret_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(ret_fds, CMSG_DATA(c), *ret_count * sizeof(int));
    }
    return n;
}

static void add_string(struct mc_buf *buf, const char *text)
{
    mc_buf_add(buf, text, strlen(text) + 1);
}

static uint32_t add_strings(struct mc_buf *buf, const char *const *strings, const char *without)
{
    uint32_t count = 0;
    for (; strings && *strings; strings++) {
        if (!without || strncmp(*strings, without, strlen(without)) != 0) {
            add_string(buf, *strings);
            count++;
        }
    }
    return count;
}

int mc_wire_encode(const struct mc_runner_run *run, struct mc_buf *ret, mc_err *err)
{
    struct mc_wire_payload head = {
        .version = MC_WIRE_VERSION,
        .umask = (uint32_t) run->umask,
        .limits = run->limits,
        .fresh = run->fresh,
        .asks = run->asks,
    };
    size_t at = ret->length;
    mc_buf_add(ret, &head, sizeof head);
    add_string(ret, run->artifact);
    add_string(ret, run->name);
    add_string(ret, run->cwd);
    add_string(ret, run->tag);
    add_string(ret, run->library_dir ? run->library_dir : "");
    add_string(ret, run->worker ? run->worker : "");
    head.n_args = add_strings(ret, run->args, NULL);
    head.n_env = add_strings(ret, run->envp, TAG_ENTRY);
    if (mc_buf_check(ret, err) < 0) {
        return -1;
    }
    memcpy(ret->data + at, &head, sizeof head);
    return 0;
}

void mc_wire_identify(const char *path, struct mc_wire_artifact *ret)
{
    struct stat status;
    memset(ret, 0, sizeof *ret);
    if (strlen(path) >= sizeof ret->path || stat(path, &status) < 0) {
        return;
    }
    memcpy(ret->path, path, strlen(path));
    ret->device = status.st_dev;
    ret->inode = status.st_ino;
    ret->size = status.st_size;
    ret->modified = status.st_mtim;
    ret->changed = status.st_ctim;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool mc_wire_same(const struct mc_wire_artifact *a, const struct mc_wire_artifact *b)
{
    return a->path[0] && strcmp(a->path, b->path) == 0 && a->device == b->device &&
           a->inode == b->inode && a->size == b->size && same_time(&a->modified, &b->modified) &&
           same_time(&a->changed, &b->changed);
}

struct cursor {
    char *at;
    char *end;
};

/* The next string, or NULL where the payload ends before it does. */
static char *next_string(struct cursor *cursor)
{
    char *text = cursor->at;
    char *nul = text < cursor->end ? memchr(text, '\0', (size_t) (cursor->end - text)) : NULL;
    if (nul) {
        cursor->at = nul + 1;
    }
    return nul ? text : NULL;
}

static int read_whole(int fd, char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = pread(fd, bytes + done, length - done, (off_t) done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        done += (size_t) n;
    }
    return 0;
}

/* `bytes` begins with room for the tag's entry of the environment. */
static int take_apart(char *entry, char *bytes, size_t length, struct mc_wire_run *ret, mc_err *err)
{
    struct cursor cursor = {bytes + sizeof ret->head, bytes + length};
    memcpy(&ret->head, bytes, sizeof ret->head);
    if (ret->head.version != MC_WIRE_VERSION || ret->head.n_args > length ||
        ret->head.n_env > length) {
        return mc_err_set(err, MC_PROTOCOL, "the runner is of another version than the daemon");
    }
    ret->artifact = next_string(&cursor);
    ret->name = next_string(&cursor);
    ret->cwd = next_string(&cursor);
    ret->tag = next_string(&cursor);
    ret->library_dir = next_string(&cursor);
    ret->worker = next_string(&cursor);
    ret->argv =
        (char **) calloc((size_t) ret->head.n_args + ret->head.n_env + 4, sizeof *ret->argv);
    if (!ret->argv) {
        return mc_err_set(err, MC_NO_MEMORY, "no memory for the program's environment");
    }
    bool complete = ret->worker != NULL && strlen(ret->tag) <= MC_TAG_MAX;
    ret->argv[0] = (char *) (uintptr_t) ret->name;
    for (uint32_t i = 0; complete && i < ret->head.n_args; i++) {
        complete = (ret->argv[1 + i] = next_string(&cursor)) != NULL;
    }
    ret->envp = ret->argv + ret->head.n_args + 2;
    ret->envp[0] = entry;
    for (uint32_t i = 0; complete && i < ret->head.n_env; i++) {
        complete = (ret->envp[1 + i] = next_string(&cursor)) != NULL;
    }
    if (!complete) {
        free((void *) ret->argv);
        return mc_err_set(err, MC_PROTOCOL, "the description of a run is cut short");
    }
    snprintf(entry, sizeof TAG_ENTRY + MC_TAG_MAX, TAG_ENTRY "%s", ret->tag);
    return 0;
}

int mc_wire_decode(int fd, struct mc_wire_run *ret, mc_err *err)
{
    const size_t room = sizeof TAG_ENTRY + MC_TAG_MAX;
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_size < (off_t) sizeof ret->head) {
        return mc_err_set(err, MC_PROTOCOL, "the description of a run is empty");
    }
    size_t length = (size_t) status.st_size;
    mc_autofree char *bytes = malloc(room + length);
    if (!bytes) {
        return mc_err_set(err, MC_NO_MEMORY, "no memory for the program's environment");
    }
    if (read_whole(fd, bytes + room, length) < 0) {
        return mc_err_set(err, MC_IO, "the description of a run cannot be read");
    }
    if (take_apart(bytes, bytes + room, length, ret, err) < 0) {
        return -1;
    }
    bytes = NULL; /* lives on in *ret */
    return 0;
}
