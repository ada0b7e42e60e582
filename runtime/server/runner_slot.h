/* The runners: one process a runtime, started when its compiler becomes known and again when it has
 * died. */
#pragma once

#include "server/server.h"

struct mc_toolchain;
struct mc_run;
struct mc_runner_run;

/* The slot with this toolchain's runtime loaded, its runner started where there is none alive. */
int mc_runner_slot_get(struct mc_server *server,
                       const struct mc_toolchain *toolchain,
                       struct mc_runner_slot **ret,
                       mc_err *err) MC_MUST_USE;

/* Sends the run to the runner; its events come to mc_run_event, or mc_run_lost where the runner
 * dies before its end. */
int mc_runner_slot_run(struct mc_runner_slot *slot,
                       struct mc_run *run,
                       const struct mc_runner_run *spec,
                       mc_err *err) MC_MUST_USE;
void mc_runner_slot_signal(struct mc_runner_slot *slot, struct mc_run *run, int signal);
void mc_runner_slot_forget(struct mc_runner_slot *slot, struct mc_run *run);

/* [{pid, runtime}] of the runners alive. */
json_t *mc_runner_slot_json(const struct mc_server *server);
void mc_runner_slot_free_all(struct mc_server *server);
