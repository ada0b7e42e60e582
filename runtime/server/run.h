/* A program that runs: its process (a child of the runner), its output, its limits and its end.
 * Belongs to who started it. */
#pragma once

#include "proc/limits.h"
#include "server/runner_slot.h"
#include "server/waiter.h"

#include <jansson.h>

struct mc_buf;
struct mc_output_paths;
struct mc_printed;
struct mc_run;
struct mc_runner_event;
struct mc_toolchain;

/* What to run. Everything is borrowed until the run is freed. */
struct mc_run_spec {
    const struct mc_toolchain *toolchain;
    const struct mc_output_paths *output_paths; /* that its output is told in */
    const char *artifact;
    const char *name;
    const json_t *args; /* array of strings, or NULL */
    char *const *envp;  /* or NULL */
    const char *cwd;
    mode_t umask;
    const void *input; /* standard input, or NULL */
    size_t input_length;
    const char *terminal; /* in its place, where there is no input; or NULL */
    bool asks;            /* where there is neither: its user is asked for each line */
    int64_t window;       /* bytes of output beyond those acknowledged; 0: no flow control */
    struct mc_limits limits;
    const char *worker; /* socket of who calls the functions, or NULL */
    bool fresh;
};

/* Who waits for it; embedded. Woken at its end. */
struct mc_run_user {
    struct mc_waiter waiter;
    void (*started)(struct mc_run_user *user, pid_t pid);
    void (*output)(struct mc_run_user *user, const struct mc_printed *printed);
    void (*asks)(struct mc_run_user *user); /* all that it printed before was told */
};

int mc_run_start(struct mc_runner_slots *slots,
                 const struct mc_run_spec *spec,
                 struct mc_run_user *user,
                 struct mc_run **ret,
                 mc_err *err) MC_MUST_USE;

/* The reader has taken that many bytes of output. */
void mc_run_credit(struct mc_run *run, int64_t bytes);

/* Answers a program that asks: a line; NULL: its input is at its end. Nothing where it does not
 * wait for one. Its time stands still until then. */
void mc_run_answer(struct mc_run *run, const void *bytes, size_t length);

/* Ends the program: its end will be told as usual, as one that was cancelled. May be called from
 * the user's callbacks. */
void mc_run_cancel(struct mc_run *run);

/* A program still alive is killed; the user is no longer woken. Takes NULL. */
void mc_run_free(struct mc_run *run);

/* How it ended. Everything is the run's. */
struct mc_run_result {
    const mc_err *error; /* it was cancelled, lost or not started; NULL: it ran */
    const struct mc_runner_event *event;
    const struct mc_limits *limits;
    enum mc_limit killed_by; /* the limit for which the daemon killed it */
    struct {
        int64_t bytes;
        const struct mc_buf *tail; /* the last of it, where a crash leaves its words */
    } out, err;
};

/* Not before the user was woken. */
void mc_run_result(const struct mc_run *run, struct mc_run_result *ret);
