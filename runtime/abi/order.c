#include "abi/order.h"

#include "abi/share.h"
#include "base/mem.h"
#include "base/os.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAR     200
#define LOOKS   1000      /* at a stream that is just being read */
#define WAIT_NS 100000000 /* of who may have missed that there is room */

int mc_order_make(int *ret_fd, struct mc_order **ret, mc_err *err)
{
    mc_autoclose int fd = mc_os_memory_file("mojocell-order");
    if (fd < 0 || fallocate(fd, 0, 0, sizeof **ret) < 0 || !(*ret = mc_order_map(fd))) {
        return mc_err_errno(err, MC_SYSTEM, "make shared memory");
    }
    *ret_fd = mc_take_fd(&fd);
    return 0;
}

struct mc_order *mc_order_map(int fd)
{
    void *order = mmap(NULL, sizeof(struct mc_order), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return order == MAP_FAILED ? NULL : order;
}

void mc_order_unmap(struct mc_order *order)
{
    if (order) {
        munmap(order, sizeof *order);
    }
}

/* ---- the program's side ---- */

static struct {
    struct mc_order
        *order;       /* NULL: nobody wants to know, or this is a child: it writes as others do */
    int pipes[2];     /* the streams, whatever becomes of descriptors 1 and 2 */
    _Atomic int last; /* descriptor that was written to */
    pthread_mutex_t lock;
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void forget(void)
{
    own.order = NULL;
}

/* Far from those that a program expects, and sees in its children. */
static int keep_pipe(int fd)
{
    struct stat status;
    bool is_pipe = fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
    return is_pipe ? fcntl(fd, F_DUPFD_CLOEXEC, FAR) : -1;
}

void mc_order_begin(struct mc_order *order)
{
    own.last = -1;
    own.pipes[0] = keep_pipe(STDOUT_FILENO);
    own.pipes[1] = keep_pipe(STDERR_FILENO);
    bool kept = own.pipes[0] >= 0 && own.pipes[1] >= 0;
    own.order = kept && pthread_atfork(NULL, NULL, forget) == 0 ? order : NULL;
}

/* How much was written to it by now: what was read, and what still lies in the pipe. False where
 * that cannot be told, because it is being read all the time. */
static bool find_position(int stream, uint64_t *ret)
{
    for (int i = 0; i < LOOKS; i++) {
        uint32_t before = atomic_load(&own.order->streams[stream].reading);
        uint64_t bytes = atomic_load(&own.order->streams[stream].bytes);
        int left = 0;
        if (before % 2 == 0 && ioctl(own.pipes[stream], FIONREAD, &left) < 0) {
            return false; /* somebody has closed it */
        }
        if (before % 2 == 0 && atomic_load(&own.order->streams[stream].reading) == before) {
            *ret = bytes + (uint64_t) left;
            return true;
        }
        sched_yield();
    }
    return false;
}

/* As long as the reader leaves no room, as with a pipe that is full. */
static void await_room(uint32_t noted)
{
    const struct timespec pause = {.tv_nsec = WAIT_NS};
    uint32_t taken;
    while (noted - (taken = atomic_load(&own.order->taken)) >= MC_ORDER_TURNS &&
           !atomic_load(&own.order->off)) {
        atomic_store(&own.order->waits, 1);
        mc_share_sleep(&own.order->taken, taken, &pause);
        atomic_store(&own.order->waits, 0);
    }
}

static __attribute__((noinline)) void turn_to(int fd)
{
    int left = fd == STDOUT_FILENO; /* the other stream */
    uint64_t position;
    pthread_mutex_lock(&own.lock);
    if (fd != own.last && find_position(left, &position) && position > 0) {
        uint32_t noted = atomic_load_explicit(&own.order->noted, memory_order_relaxed);
        await_room(noted);
        own.order->turns[noted % MC_ORDER_TURNS] =
            (struct mc_order_turn) {.position = position & (UINT64_MAX >> 1), .stream = left & 1U};
        atomic_store(&own.order->noted, noted + 1);
    }
    own.last = fd;
    pthread_mutex_unlock(&own.lock);
}

ssize_t mc_order_write(int fd, const void *bytes, size_t length)
{
    bool turns = fd != own.last && (fd == STDOUT_FILENO || fd == STDERR_FILENO);
    if (turns && own.order) {
        turn_to(fd);
    }
    return write(fd, bytes, length);
}

/* ---- the reader's side ---- */

ssize_t mc_order_read(struct mc_order *order, int stream, int fd, void *ret, size_t size)
{
    atomic_fetch_add(&order->streams[stream].reading, 1);
    ssize_t got = read(fd, ret, size);
    if (got > 0) {
        atomic_fetch_add(&order->streams[stream].bytes, (uint64_t) got);
    }
    atomic_fetch_add(&order->streams[stream].reading, 1);
    return got;
}

void mc_order_take(struct mc_order *order, uint32_t taken)
{
    mc_share_raise(&order->taken, taken, &order->waits);
}

void mc_order_stop(struct mc_order *order)
{
    atomic_store(&order->off, 1);
    mc_share_wake(&order->taken);
}
