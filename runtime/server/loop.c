#include "server/loop.h"

#include "base/os.h"

#include <zmq.h>

#include <errno.h>
#include <stdlib.h>

enum { MC_NS_PER_MS = 1000000, LONGEST_MS = 3600000 };
static const int64_t LONGEST_NS = (int64_t) LONGEST_MS * MC_NS_PER_MS;

void mc_loop_init(struct mc_loop *loop)
{
    *loop = (struct mc_loop) {0};
    mc_list_init(&loop->timers);
    mc_list_init(&loop->tasks);
}

void mc_loop_fini(struct mc_loop *loop)
{
    free(loop->watches);
    free(loop->items);
    mc_loop_init(loop);
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

void mc_loop_disarm(struct mc_timer *timer)
{
    mc_node_remove(&timer->node);
}

bool mc_timer_armed(const struct mc_timer *timer)
{
    return mc_node_linked(&timer->node);
}

/* Behind the last one that is due no later. */
void mc_loop_arm(struct mc_loop *loop, struct mc_timer *timer, int64_t delay)
{
    int64_t now = mc_os_now();
    mc_loop_disarm(timer);
    timer->at = delay < INT64_MAX - now ? now + delay : INT64_MAX;
    struct mc_node *before = loop->timers.head.prev;
    while (before != &loop->timers.head && MC_OF(before, struct mc_timer, node)->at > timer->at) {
        before = before->prev;
    }
    timer->node.prev = before;
    timer->node.next = before->next;
    before->next->prev = &timer->node;
    before->next = &timer->node;
}

static struct mc_timer *first_timer(const struct mc_loop *loop)
{
    return MC_LIST_FIRST(&loop->timers, struct mc_timer, node);
}

static void run_timers(struct mc_loop *loop)
{
    int64_t now = mc_os_now();
    struct mc_timer *timer;
    while ((timer = first_timer(loop)) && timer->at <= now) {
        mc_loop_disarm(timer);
        timer->due(timer);
    }
}

void mc_loop_post(struct mc_loop *loop, struct mc_task *task)
{
    if (!mc_node_linked(&task->node)) {
        mc_list_add(&loop->tasks, &task->node);
    }
}

void mc_task_withdraw(struct mc_task *task)
{
    mc_node_remove(&task->node);
}

void mc_loop_run_tasks(struct mc_loop *loop)
{
    struct mc_task *task;
    while ((task = MC_LIST_FIRST(&loop->tasks, struct mc_task, node))) {
        mc_node_remove(&task->node);
        task->go(task);
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
    const struct mc_timer *timer = first_timer(loop);
    if (!mc_list_empty(&loop->tasks)) {
        return 0;
    }
    if (!timer) {
        return -1;
    }
    int64_t left = timer->at - mc_os_now();
    if (left <= 0) {
        return 0;
    }
    return left < LONGEST_NS ? (long) ((left + MC_NS_PER_MS - 1) / MC_NS_PER_MS) : LONGEST_MS;
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
        mc_loop_run_tasks(loop);
    }
    return 0;
}
