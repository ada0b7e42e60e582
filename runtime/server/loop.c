#include "server/loop.h"

#include "base/os.h"

#include <zmq.h>

#include <errno.h>
#include <stdlib.h>

enum { MC_NS_PER_MS = 1000000 };

void mc_loop_fini(struct mc_loop *loop)
{
    free(loop->watches);
    free(loop->items);
    *loop = (struct mc_loop) {0};
}

static int grow(struct mc_loop *loop, mc_err *err)
{
    size_t capacity = loop->capacity ? 2 * loop->capacity : 16;
    struct mc_watch **watches = realloc(loop->watches, capacity * sizeof(*watches));
    if (!watches) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    loop->watches = watches;
    zmq_pollitem_t *items = realloc(loop->items, capacity * sizeof *items);
    if (!items) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    loop->items = items;
    loop->capacity = capacity;
    return 0;
}

int mc_loop_add(struct mc_loop *loop, struct mc_watch *watch, mc_err *err)
{
    if (watch->slot) {
        return 0;
    }
    if (loop->count == loop->capacity && grow(loop, err) < 0) {
        return -1;
    }
    loop->watches[loop->count++] = watch;
    watch->slot = loop->count;
    return 0;
}

void mc_loop_remove(struct mc_loop *loop, struct mc_watch *watch)
{
    if (watch->slot) {
        loop->watches[watch->slot - 1] = NULL;
        watch->slot = 0;
    }
}

void mc_loop_disarm(struct mc_loop *loop, struct mc_timer *timer)
{
    if (!timer->armed) {
        return;
    }
    struct mc_timer **link = &loop->timers;
    while (*link != timer) {
        link = &(*link)->next;
    }
    *link = timer->next;
    timer->armed = false;
}

void mc_loop_arm(struct mc_loop *loop, struct mc_timer *timer, int64_t delay)
{
    mc_loop_disarm(loop, timer);
    timer->at = mc_os_now() + delay;
    struct mc_timer **link = &loop->timers;
    while (*link && (*link)->at <= timer->at) {
        link = &(*link)->next;
    }
    timer->next = *link;
    *link = timer;
    timer->armed = true;
}

static void run_timers(struct mc_loop *loop)
{
    int64_t now = mc_os_now();
    while (loop->timers && loop->timers->at <= now) {
        struct mc_timer *timer = loop->timers;
        mc_loop_disarm(loop, timer);
        timer->due(timer);
    }
}

/* Squeezes out the holes and fills the poll items; a paused watch stays in place with no events. */
static void prepare(struct mc_loop *loop)
{
    zmq_pollitem_t *items = loop->items;
    size_t kept = 0;
    for (size_t i = 0; i < loop->count; i++) {
        struct mc_watch *watch = loop->watches[i];
        if (!watch) {
            continue;
        }
        loop->watches[kept] = watch;
        items[kept] = (zmq_pollitem_t) {
            .socket = watch->socket, .fd = watch->events ? watch->fd : -1, .events = watch->events};
        watch->slot = ++kept;
    }
    loop->count = kept;
}

static long poll_timeout(const struct mc_loop *loop)
{
    if (!loop->timers) {
        return -1;
    }
    int64_t left = loop->timers->at - mc_os_now();
    return left <= 0 ? 0 : (long) ((left + MC_NS_PER_MS - 1) / MC_NS_PER_MS);
}

int mc_loop_run(struct mc_loop *loop, mc_err *err)
{
    while (!loop->stop) {
        prepare(loop);
        size_t polled = loop->count;
        if (zmq_poll(loop->items, (int) polled, poll_timeout(loop)) < 0 && zmq_errno() != EINTR) {
            return mc_err_set(err, MC_SYSTEM, "poll: %s", zmq_strerror(zmq_errno()));
        }
        for (size_t i = 0; i < polled && !loop->stop; i++) {
            struct mc_watch *watch = loop->watches[i];
            short revents = ((zmq_pollitem_t *) loop->items)[i].revents;
            if (watch && revents && watch->events) {
                watch->ready(watch, revents);
            }
        }
        run_timers(loop);
    }
    return 0;
}
