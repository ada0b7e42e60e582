/* The runs a runner has not finished: forked, ended, swept clean. */
#pragma once

#include "runner/child.h"
#include "runner/spare.h"

enum mc_live_run_state {
    MC_RUN_RUNNING,
    MC_RUN_SWEEPING, /* its process ended; descendants of it may still have to die */
};

struct mc_live_run {
    struct mc_live_run *next;
    uint64_t id;
    pid_t pid;
    enum mc_live_run_state state;
    struct mc_wire_slot *slot;
    char tag[MC_TAG_MAX + 1];
    int status;
    struct rusage usage;
    int64_t ended_at;
    int escaped;
    pid_t killed[32]; /* so that `escaped` counts no process twice */
};

struct mc_live_runs {
    struct mc_live_run *first;
    struct mc_spares spares;
    pid_t leaving[32]; /* have told that they end, and are not reaped yet; 0: an empty place */
};

/* Gets the run's process: one that was forked ahead, or a fork. Its program begins with
 * mc_live_runs_go. -1 where there was none to be had; nothing is left of it then. */
int mc_live_runs_start(struct mc_live_runs *runs,
                       const struct mc_child_host *host,
                       const struct mc_wire_request *request,
                       const int fds[MC_WIRE_FDS],
                       struct mc_live_run **ret,
                       mc_err *err) MC_MUST_USE;

/* Lets the program begin: it was told that it has started. */
void mc_live_runs_go(const struct mc_live_run *run);

/* The run of that id that is still running, or NULL. */
struct mc_live_run *mc_live_runs_find(const struct mc_live_runs *runs, uint64_t id);

/* Kills the group of every run, and what was forked ahead. */
void mc_live_runs_kill(struct mc_live_runs *runs);

/* Takes note of every process that ended, or told that it is about to. */
void mc_live_runs_reap(struct mc_live_runs *runs);

/* Whether there are processes to reap: of runs, or forked ahead. */
bool mc_live_runs_any(const struct mc_live_runs *runs);

/* Whether nothing of an ended run is left; kills what is. Sweeping takes 5 s at most. */
bool mc_live_runs_swept(struct mc_live_runs *runs, struct mc_live_run *run);

/* What became of a run. */
void mc_live_runs_describe(const struct mc_live_run *run, struct mc_runner_event *ret);

/* Forgets a run. */
void mc_live_runs_remove(struct mc_live_runs *runs, struct mc_live_run *run);
