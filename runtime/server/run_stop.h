/* What ends a program before its own end: a limit that the kernel does not watch, or somebody's
 * wish. Asked at first, then killed, and where not even that is carried out, its runner is.
 * Embedded in its run. */
#pragma once

#include "proc/limits.h"
#include "server/loop.h"
#include "server/runner_slot.h"

struct mc_run_stop {
    struct mc_loop *loop;
    const struct mc_limits *limits;
    enum mc_limit killed_by; /* the limit that it was stopped for */

    /* The run's: */
    const char *tag;
    const pid_t *pid; /* 0 until started */
    const bool *ended;
    struct mc_runner_slot *const *slot;
    struct mc_slot_run *in_slot;

    int64_t left; /* of the program's time, while that stands still; 0: it does not */
    struct mc_timer wall_timer;
    struct mc_timer kill_timer;
    struct mc_timer stuck_timer;
    struct mc_timer sample_timer;
};

/* The fields above the timers are the caller's to set. */
void mc_run_stop_init(struct mc_run_stop *stop);

/* From now on limits are watched. */
void mc_run_stop_arm(struct mc_run_stop *stop);
/* The program's time stands still, and goes on. */
void mc_run_stop_hold(struct mc_run_stop *stop);
void mc_run_stop_go_on(struct mc_run_stop *stop);
void mc_run_stop_disarm(struct mc_run_stop *stop);

/* Ends the program, where that has not begun. */
void mc_run_stop_now(struct mc_run_stop *stop);
/* For this limit; the first one counts. */
void mc_run_stop_exceeded(struct mc_run_stop *stop, enum mc_limit limit);
