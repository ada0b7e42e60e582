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
#define LOOKS   1000      /* at a stream that is just being read, before they are fewer */
#define LOOK_NS 1000000   /* between those */
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
    bool wanted;            /* false in a child: it writes as others do */
    struct mc_order *order; /* NULL: the streams are files, and turns go to the next one */
    int turns;
    bool alone;        /* nobody else writes, no other thread either: what is counted is all */
    int streams[2];    /* whatever becomes of descriptors 1 and 2 */
    _Atomic int last;  /* descriptor that was written to */
    uint64_t bytes[2]; /* counted */
    uint32_t taken;    /* turns, when it was looked at */
    pthread_mutex_t lock;
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void forget(void)
{
    own.wanted = false;
}

/* Far from those that a program expects, and sees in its children. */
static int keep(int fd)
{
    struct stat status;
    bool known = fstat(fd, &status) == 0 && (own.order ? S_ISFIFO(status.st_mode) : true);
    return known ? fcntl(fd, F_DUPFD_CLOEXEC, FAR) : -1;
}

static void begin(void)
{
    own.last = -1;
    own.streams[0] = keep(STDOUT_FILENO);
    own.streams[1] = keep(STDERR_FILENO);
    bool kept = own.streams[0] >= 0 && own.streams[1] >= 0;
    own.wanted = kept && pthread_atfork(NULL, NULL, forget) == 0;
}

void mc_order_begin(struct mc_order *order, bool alone)
{
    own.order = order;
    own.alone = alone;
    begin();
}

void mc_order_begin_files(int turns)
{
    own.turns = turns;
    begin();
}

/* The reader may have lost the processor in the middle of reading, for as long as others want it.
 */
static void await_reader(int look, int stream, uint32_t reading)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    if (look < LOOKS) {
        sched_yield();
    } else {
        mc_share_sleep(&own.order->streams[stream].reading, reading, &pause);
    }
}

/* How much was written to it by whomever: what was read, and what still lies in the pipe. False
 * where nobody has either any more. */
static bool look_at_pipe(int stream, uint64_t *ret)
{
    for (int look = 0; !atomic_load(&own.order->off); look += look < LOOKS) {
        uint32_t before = atomic_load(&own.order->streams[stream].reading);
        uint64_t bytes = atomic_load(&own.order->streams[stream].bytes);
        int left = 0;
        if (before % 2 == 0 && ioctl(own.streams[stream], FIONREAD, &left) < 0) {
            return false; /* somebody has closed it */
        }
        if (before % 2 == 0 && atomic_load(&own.order->streams[stream].reading) == before) {
            *ret = bytes + (uint64_t) left;
            return true;
        }
        await_reader(look, stream, before);
    }
    return false;
}

/* How much was written to it by now. */
static bool find_position(int stream, uint64_t *ret)
{
    if (own.alone) {
        *ret = own.bytes[stream];
        return true;
    }
    if (own.order) {
        return look_at_pipe(stream, ret);
    }
    off_t at = lseek(own.streams[stream], 0, SEEK_CUR);
    *ret = (uint64_t) at;
    return at >= 0;
}

static bool has_room(uint32_t noted)
{
    return noted - own.taken < MC_ORDER_TURNS;
}

/* As long as the reader leaves no room, as with a pipe that is full. */
static void await_room(uint32_t noted)
{
    const struct timespec pause = {.tv_nsec = WAIT_NS};
    while (!has_room(noted) && !atomic_load(&own.order->off)) {
        own.taken = atomic_load(&own.order->taken);
        if (!has_room(noted)) {
            atomic_store(&own.order->waits, 1);
            mc_share_sleep(&own.order->taken, own.taken, &pause);
            atomic_store(&own.order->waits, 0);
        }
    }
}

static void note(struct mc_order_turn turn)
{
    if (!own.order) {
        (void) !write(own.turns, &turn, sizeof turn);
        return;
    }
    uint32_t noted = atomic_load_explicit(&own.order->noted, memory_order_relaxed);
    await_room(noted);
    own.order->turns[noted % MC_ORDER_TURNS] = turn;
    atomic_store_explicit(&own.order->noted, noted + 1, memory_order_release);
}

static __attribute__((noinline)) void turn_to(int fd)
{
    int left = fd == STDOUT_FILENO; /* the other stream */
    uint64_t position;
    pthread_mutex_lock(&own.lock);
    if (fd != own.last && find_position(left, &position) && position > 0) {
        note(
            (struct mc_order_turn) {.position = position & (UINT64_MAX >> 1), .stream = left & 1U});
    }
    atomic_store_explicit(&own.last, fd, memory_order_relaxed);
    pthread_mutex_unlock(&own.lock);
}

ssize_t mc_order_write(int fd, const void *bytes, size_t length)
{
    bool is_stream = own.wanted && (fd == STDOUT_FILENO || fd == STDERR_FILENO);
    if (is_stream && fd != atomic_load_explicit(&own.last, memory_order_relaxed)) {
        turn_to(fd);
    }
    ssize_t written = write(fd, bytes, length);
    if (is_stream && own.alone && written > 0) {
        own.bytes[fd == STDERR_FILENO] += (uint64_t) written;
    }
    return written;
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
