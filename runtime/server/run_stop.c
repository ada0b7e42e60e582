#include "server/run_stop.h"

#include "base/os.h"
#include "proc/group.h"

#include <signal.h>

static const int64_t MS = 1000000;
enum {
    TERM_TO_KILL_MS = 80,
    KILL_TO_STUCK_MS = 3000, /* the runner sweeps, too */
    SAMPLE_MS = 20,
};

void mc_run_stop_now(struct mc_run_stop *stop)
{
    if (*stop->ended || mc_timer_armed(&stop->kill_timer) || mc_timer_armed(&stop->stuck_timer)) {
        return;
    }
    mc_runner_slot_signal(*stop->slot, stop->in_slot, SIGTERM);
    mc_loop_arm(stop->loop, &stop->kill_timer, TERM_TO_KILL_MS * MS);
}

static void on_kill_timer(struct mc_timer *timer)
{
    struct mc_run_stop *stop = timer->owner;
    mc_runner_slot_signal(*stop->slot, stop->in_slot, SIGKILL);
    mc_loop_arm(stop->loop, &stop->stuck_timer, KILL_TO_STUCK_MS * MS);
}

/* Not even that was carried out: the runner is stopped, or hangs. */
static void on_stuck_timer(struct mc_timer *timer)
{
    struct mc_run_stop *stop = timer->owner;
    mc_runner_slot_kill(*stop->slot);
}

void mc_run_stop_exceeded(struct mc_run_stop *stop, enum mc_limit limit)
{
    if (stop->killed_by == MC_LIMIT_NONE) {
        stop->killed_by = limit;
        mc_run_stop_now(stop);
    }
}

static void on_wall_timer(struct mc_timer *timer)
{
    mc_run_stop_exceeded(timer->owner, MC_LIMIT_WALL);
}

/* The kernel does not limit shared memory or the processes of one program: both are sampled. */
static void on_sample_timer(struct mc_timer *timer)
{
    struct mc_run_stop *stop = timer->owner;
    const struct mc_limits *limits = stop->limits;
    struct mc_group_usage usage;
    if (*stop->pid) {
        mc_group_usage(*stop->pid, limits->processes ? stop->tag : NULL, &usage);
        if (limits->memory && usage.anonymous > limits->memory + (64LL << 20)) {
            mc_run_stop_exceeded(stop, MC_LIMIT_MEMORY);
        } else if (limits->processes && usage.processes > limits->processes) {
            mc_run_stop_exceeded(stop, MC_LIMIT_PROCESSES);
        }
    }
    mc_loop_arm(stop->loop, timer, SAMPLE_MS * MS);
}

void mc_run_stop_init(struct mc_run_stop *stop)
{
    stop->wall_timer = (struct mc_timer) {.due = on_wall_timer, .owner = stop};
    stop->kill_timer = (struct mc_timer) {.due = on_kill_timer, .owner = stop};
    stop->stuck_timer = (struct mc_timer) {.due = on_stuck_timer, .owner = stop};
    stop->sample_timer = (struct mc_timer) {.due = on_sample_timer, .owner = stop};
}

void mc_run_stop_arm(struct mc_run_stop *stop)
{
    const struct mc_limits *limits = stop->limits;
    if (limits->wall > 0) {
        mc_loop_arm(stop->loop, &stop->wall_timer, mc_os_ns(limits->wall));
    }
    if (limits->memory || limits->processes) {
        mc_loop_arm(stop->loop, &stop->sample_timer, SAMPLE_MS * MS);
    }
}

void mc_run_stop_hold(struct mc_run_stop *stop)
{
    if (mc_timer_armed(&stop->wall_timer)) {
        int64_t left = stop->wall_timer.at - mc_os_now();
        stop->left = left > 0 ? left : 1;
        mc_loop_disarm(&stop->wall_timer);
    }
}

void mc_run_stop_go_on(struct mc_run_stop *stop)
{
    if (stop->left) {
        mc_loop_arm(stop->loop, &stop->wall_timer, stop->left);
        stop->left = 0;
    }
}

void mc_run_stop_disarm(struct mc_run_stop *stop)
{
    mc_loop_disarm(&stop->wall_timer);
    mc_loop_disarm(&stop->kill_timer);
    mc_loop_disarm(&stop->stuck_timer);
    mc_loop_disarm(&stop->sample_timer);
}
