#include "server/descriptors.h"

#include "base/fault.h"
#include "proc/limits.h"
#include "server/core.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RESERVE_LEAST = 16, RESERVE_MOST = 128, RESERVE_PART = 8 };

/* The numbers of descriptors: below `crowded` a connection is served, below `full` it is told that
 * there are too many; from there on it is closed at once. The rest is for pipes of programs. */
static int crowded = 1 << 20;
static int full = 1 << 20;
static atomic_int spare = -1;

void mc_descriptors_open(void)
{
    int limit = mc_limits_raise_files();
    int reserve = limit / RESERVE_PART;
    reserve = reserve < RESERVE_LEAST ? RESERVE_LEAST : reserve;
    reserve = reserve > RESERVE_MOST ? RESERVE_MOST : reserve;
    full = limit - reserve;
    crowded = limit - 2 * reserve;
    spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The system gives the lowest number that is free. */
bool mc_descriptors_crowded(void)
{
    int lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest >= 0) {
        close(lowest);
    }
    return lowest < 0 || lowest >= crowded;
}

static int turn_away(int fd)
{
    close(fd);
    errno = ECONNABORTED; /* which every server has to expect */
    return -1;
}

/* Nothing is free: the spare one makes room for taking the connection off the queue, else libzmq
 * would find it there again and again. */
static int accept_none(int listener)
{
    int held = atomic_exchange(&spare, -1);
    if (held >= 0) {
        close(held);
    }
    int fd = (int) syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
    }
    atomic_store(&spare, open("/dev/null", O_RDONLY | O_CLOEXEC));
    errno = ECONNABORTED;
    return -1;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's are reserved */

/* Takes the place of the C library's for libzmq, which calls it in its own thread. */
__attribute__((visibility("default"))) int
accept4(int listener, struct sockaddr *address, socklen_t *length, int flags)
{
    int fd = mc_fault("accept") ? -1 : (int) syscall(SYS_accept4, listener, address, length, flags);
    if (fd < 0) {
        return errno == EMFILE || errno == ENFILE ? accept_none(listener) : -1;
    }
    return fd < full ? fd : turn_away(fd);
}

__attribute__((visibility("default"))) int
accept(int listener, struct sockaddr *address, socklen_t *length)
{
    return accept4(listener, address, length, 0);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
