/* The daemon's side of a runner: starts it, asks it for runs, reads what became of them. Owns the
 * runner process: freeing the link ends the runner and every run in it. Nothing here blocks; the
 * descriptor belongs in the daemon's poll loop. */
#pragma once

#include "base/err.h"
#include "runner/exchange.h"

struct mc_runner_link;

struct mc_runner_spec {
    const char *runner; /* path of mojocell-runner */
    const char *const *
        libraries; /* absolute paths, loaded in this order and for all artifacts; NULL-terminated */
    const char *const
        *optional;     /* the same, but one that does not load is passed over; may be NULL */
    const char *cwd;   /* NULL: / */
    char *const *envp; /* NULL: the daemon's; the runtime libraries may look at it when they load */
    int log_fd;        /* the runner's own stderr; -1: /dev/null */
};

/* Starts the process. It says READY or BROKEN as its first event; runs may be asked for before
 * that. */
int mc_runner_link_start(const struct mc_runner_spec *spec,
                         struct mc_runner_link **ret,
                         mc_err *err) MC_MUST_USE;

/* Kills the runner and its runs and waits for the runner. Takes NULL; returns NULL. */
struct mc_runner_link *mc_runner_link_free(struct mc_runner_link *link);

int mc_runner_link_fd(const struct mc_runner_link *link); /* poll for POLLIN */
pid_t mc_runner_link_pid(const struct mc_runner_link *link);

/* Asks for a run: its STARTED and ENDED events follow, or ENDED alone where not even a fork was
 * possible. BUSY where the runner has some hundred requests waiting: read events, ask again.
 * RUNNER_FAILED where it is dead. */
int mc_runner_link_run(struct mc_runner_link *link,
                       const struct mc_runner_run *run,
                       mc_err *err) MC_MUST_USE;

/* Signals a run's process group, by way of the runner, which cannot mistake it for another: to be
 * preferred to kill(2) of the pid in STARTED, which works as well. Right also before STARTED; no
 * effect after the end. */
int mc_runner_link_signal(struct mc_runner_link *link, uint64_t id, int signal, mc_err *err)
    MC_MUST_USE;

/* The next event. Returns 1 with *ret filled, 0 where there is none now, -1 (RUNNER_FAILED) once
 * the runner is dead and everything it said was read; runs that have not ended by then never will:
 * their processes were killed with it, but what had escaped
 * from them was not: mc_group_kill_tagged, for each. */
int mc_runner_link_read(struct mc_runner_link *link,
                        struct mc_runner_event *ret,
                        mc_err *err) MC_MUST_USE;

/* Why this artifact cannot run in a fork of the preloaded process and needs `fresh`: a static text,
 * or NULL where it can. Looks at the library's undefined symbols; a file that cannot be read needs
 * no fresh one. */
const char *mc_runner_needs_fresh(const char *artifact);
