/* The runners: one process a runtime, started when its compiler becomes known and again when it has
 * died. */
#pragma once

#include "server/core.h"

#include <jansson.h>

struct mc_toolchain;
struct mc_runner_event;
struct mc_runner_run;
struct mc_runner_slot;

struct mc_runner_slots {
    struct mc_core *core;
    struct mc_list all;
};

void mc_runner_slots_init(struct mc_runner_slots *slots, struct mc_core *core);
void mc_runner_slots_fini(struct mc_runner_slots *slots);

/* A run in a runner; embedded in its owner. */
struct mc_slot_run {
    struct mc_node node; /* the slot's, until it ended, was lost or forgotten */
    uint64_t id;
    void (*event)(struct mc_slot_run *run, const struct mc_runner_event *event);
    /* The runner died before the run's end. May ask for a run again. */
    void (*lost)(struct mc_slot_run *run, const mc_err *err);
};

/* The slot with this toolchain's runtime loaded, its runner started where there is none alive. */
int mc_runner_slot_get(struct mc_runner_slots *slots,
                       const struct mc_toolchain *toolchain,
                       struct mc_runner_slot **ret,
                       mc_err *err) MC_MUST_USE;

/* Sends the run to the runner; events follow, or its loss. */
int mc_runner_slot_run(struct mc_runner_slot *slot,
                       struct mc_slot_run *run,
                       const struct mc_runner_run *spec,
                       mc_err *err) MC_MUST_USE;
/* The runner could not be sent to: what it said last, then its death. What had not begun in it is
 * handed to its successor. */
void mc_runner_slot_bury(struct mc_runner_slot *slot, const mc_err *why);
void mc_runner_slot_signal(struct mc_runner_slot *slot, const struct mc_slot_run *run, int signal);
/* No more events; nothing where it is in no slot. */
void mc_runner_slot_forget(struct mc_slot_run *run);

/* A runner that does not do as it is told: it is killed, and what it runs is lost. */
void mc_runner_slot_kill(struct mc_runner_slot *slot);

/* [{pid, runtime}] of the runners alive. */
json_t *mc_runner_slots_json(const struct mc_runner_slots *slots);
