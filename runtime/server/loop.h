/* The event loop: descriptors, one ZeroMQ socket, timers and tasks, in one thread. Watches, timers
 * and tasks are embedded in the objects that own them and may be added and removed from any
 * callback, their own included. Callbacks never block. What one object has to tell another is
 * posted as a task and so never runs within a callback of a third. */
#pragma once

#include "base/err.h"
#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

struct mc_watch {
    int fd;       /* -1 where `socket` is set */
    void *socket; /* a ZeroMQ socket, or NULL */
    short events; /* ZMQ_POLLIN, ZMQ_POLLOUT; 0: paused */
    void (*ready)(struct mc_watch *watch, short revents);
    void *owner;
    size_t slot; /* the loop's: 1 + position, 0 where not added */
};

struct mc_timer {
    struct mc_node node; /* the loop's, sorted by `at` */
    int64_t at;          /* mc_os_now() */
    void (*due)(struct mc_timer *timer);
    void *owner;
};

struct mc_task {
    struct mc_node node; /* the loop's */
    void (*go)(struct mc_task *task);
    void *owner;
};

struct mc_loop {
    struct mc_watch **watches; /* holes are NULL until the next round */
    size_t count;
    size_t capacity;
    void *items; /* zmq_pollitem_t, one a watch */
    struct mc_list timers;
    struct mc_list tasks;
    bool stop;
};

void mc_loop_init(struct mc_loop *loop);
void mc_loop_fini(struct mc_loop *loop);

int mc_loop_add(struct mc_loop *loop, struct mc_watch *watch, mc_err *err) MC_MUST_USE;
void mc_loop_remove(struct mc_loop *loop,
                    struct mc_watch *watch); /* nothing where it was not added */

/* Arms the timer, or moves it; `delay` in nanoseconds from now. */
void mc_loop_arm(struct mc_loop *loop, struct mc_timer *timer, int64_t delay);
void mc_loop_disarm(struct mc_timer *timer);
bool mc_timer_armed(const struct mc_timer *timer);

/* The task runs once, in the order of posting, when what runs now has returned to the loop; one
 * that is posted already keeps its place. */
void mc_loop_post(struct mc_loop *loop, struct mc_task *task);
void mc_task_withdraw(struct mc_task *task); /* nothing where it was not posted */
/* Runs what is posted, and what that posts. */
void mc_loop_run_tasks(struct mc_loop *loop);

/* Runs until `stop` is set by a callback. */
int mc_loop_run(struct mc_loop *loop, mc_err *err) MC_MUST_USE;
