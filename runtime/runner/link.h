/* The daemon's side of a runner: starts it, asks it for runs, reads what became of them. Owns the
 * runner process: freeing the link ends the runner and every run in it. Nothing here blocks; the
 * descriptor belongs in the daemon's poll loop. */
#pragma once

#include "abi/words.h"
#include "base/err.h"
#include "proc/limits.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

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

struct mc_runner_run {
    uint64_t id;             /* of the caller's choice, unique among the runs that have not ended */
    const char *artifact;    /* absolute path of a library that exports int32_t mc_main(void) */
    const char *name;        /* argv()[0]; its first 15 bytes are the process's name as well */
    const char *const *args; /* the rest of argv, NULL-terminated; may be NULL */
    const char *const *envp; /* the program's environment, NULL-terminated */
    const char *cwd;
    mode_t umask;
    int in, out, err; /* duplicated into the message: the caller may close its own; -1: /dev/null */
    const char *tag;  /* MOJOCELL_RUN of the program and its descendants: proc/group.h */
    struct mc_limits limits; /* cpu and memory are applied */
    const char *library_dir; /* where libraries are that the artifact wants beside those of the
                                runner; NULL: nowhere */
    const char *worker; /* the socket of who calls the functions, instead of mc_main; NULL: none */
    bool fresh;         /* in a newly executed process rather than a fork of the preloaded one */
};

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

enum mc_runner_event_kind {
    MC_RUNNER_READY,   /* the libraries are loaded */
    MC_RUNNER_BROKEN,  /* one did not load: message; the runner ends */
    MC_RUNNER_STARTED, /* id, pid: leader of its own process group */
    MC_RUNNER_ENDED,   /* the rest; no process of the run is left, so the pipes can be drained to
                          their end */
};

enum mc_runner_outcome {
    MC_RUNNER_RAN,         /* mc_main was called: status tells the rest */
    MC_RUNNER_NOT_LOADED,  /* dlopen or dlsym failed: message */
    MC_RUNNER_NOT_STARTED, /* fork, chdir, a limit … failed: message, as in "chdir '/x': No such
                              file or directory" */
};

struct mc_runner_event {
    enum mc_runner_event_kind kind;
    uint64_t id;
    pid_t pid;
    enum mc_runner_outcome outcome;
    int status;          /* of wait */
    struct rusage usage; /* of the program and the descendants it waited for */
    double load_seconds; /* setting up the process and loading the artifact */
    double run_seconds;  /* from the call of mc_main to the end of the process */
    bool executed;       /* in a newly executed process */
    bool stack_overflow; /* the signal in status was a stack that ran into its guard page */
    char reason[128];    /* why it was executed anew without having been asked to; or empty */
    int escaped;         /* descendants that had left the process group, and were killed */
    char missing[128];   /* the symbol for which it was not loaded: nothing defines it; or empty */
    char message[1024];  /* one line: why it did not run; or empty */
    struct mc_words words; /* of a crash, kept off stdout, or of what main raised, which is on
                              stderr, too */
};

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
