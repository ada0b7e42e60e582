/* A language server as a child of the daemon: started, spoken to through pipes that never block,
 * ended. Embedded in its owner. */
#pragma once

#include "base/strv.h"
#include "language/frames.h"
#include "server/core.h"

struct mc_language_process {
    struct mc_core *core;
    struct mc_child child;
    int in, out; /* -1: not open */
    struct mc_watch in_watch, out_watch;
    struct mc_buf outgoing;
    struct mc_frames incoming;
    struct mc_task lost; /* posted once it ended by itself, or wrote what nobody understands */

    void (*message)(struct mc_language_process *process, const json_t *message);
    void (*ended)(struct mc_language_process *process); /* it is stopped already */
    void *owner;
};

void mc_language_process_init(struct mc_language_process *process, struct mc_core *core);

/* Starts it. Where it could not be started it is as if never started. */
int mc_language_process_start(struct mc_language_process *process,
                              const struct mc_strv *argv,
                              const struct mc_strv *env,
                              const char *dir,
                              mc_err *err) MC_MUST_USE;
bool mc_language_process_runs(const struct mc_language_process *process);

/* Sends a message, which is stolen; -1 when out of memory. */
int mc_language_process_say(struct mc_language_process *process,
                            json_t *message,
                            mc_err *err) MC_MUST_USE;

/* Ends it at once, and all that it started; nothing is called back. */
void mc_language_process_stop(struct mc_language_process *process);
