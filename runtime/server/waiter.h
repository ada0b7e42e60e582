/* Who waits for something that others may wait for, too: a compiler's identification, a
 * compilation, the end of a program. Embedded in the one who waits. It is woken from the loop,
 * never within a callback of what it waited for, and finds there what has become of it. */
#pragma once

#include "server/loop.h"

struct mc_waiter {
    struct mc_node node; /* of those that wait for the same */
    struct mc_task task; /* posted by mc_waiters_wake */
};

/* Wakes them all, in the order in which they came. */
static inline void mc_waiters_wake(struct mc_loop *loop, struct mc_list *waiters)
{
    MC_LIST_EACH(waiters, struct mc_waiter, waiter, node)
    {
        mc_node_remove(&waiter->node);
        mc_loop_post(loop, &waiter->task);
    }
}

/* Neither waits nor will be woken. */
static inline void mc_waiter_withdraw(struct mc_waiter *waiter)
{
    mc_node_remove(&waiter->node);
    mc_task_withdraw(&waiter->task);
}
