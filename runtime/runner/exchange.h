/* What the daemon asks a runner for, and what a runner tells it of its runs. */
#pragma once

#include "abi/words.h"
#include "proc/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct mc_runner_run {
    uint64_t id;             /* of the caller's choice, unique among the runs that have not ended */
    const char *artifact;    /* absolute path of a library that exports int32_t mc_main(void) */
    const char *name;        /* argv()[0]; its first 15 bytes are the process's name as well */
    const char *const *args; /* the rest of argv, NULL-terminated; may be NULL */
    const char *const *envp; /* the program's environment, NULL-terminated */
    const char *cwd;
    mode_t umask;
    int in, out, err; /* duplicated into the message: the caller may close its own; -1: /dev/null */
    int order; /* of abi/order.h, duplicated as well; 0: nobody asks for the order of out and err */
    const char *tag;         /* MOJOCELL_RUN of the program and its descendants: proc/group.h */
    struct mc_limits limits; /* cpu and memory are applied */
    const char *library_dir; /* where libraries are that the artifact wants beside those of the
                                runner; NULL: nowhere */
    const char *worker; /* the socket of who calls the functions, instead of mc_main; NULL: none */
    bool asks;          /* `in` is a socket at which what the program reads is asked for: ask.h */
    bool fresh;         /* in a newly executed process rather than a fork of the preloaded one */
};

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
