#include "server/runner_slot.h"

#include "base/hash.h"
#include "base/mem.h"
#include "mojo/toolchain.h"
#include "runner/runner_link.h"

#include <zmq.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct mc_runner_slot {
    struct mc_core *core;
    struct mc_node node;
    char runtime[MC_HASH_HEX];   /* identity of the runtime it has loaded */
    struct mc_runner_link *link; /* NULL: none alive */
    struct mc_watch watch;
    struct mc_list runs; /* that have not ended */
};

static void slot_stop(struct mc_runner_slot *slot)
{
    mc_loop_remove(&slot->core->loop, &slot->watch);
    slot->link = mc_runner_link_free(slot->link);
}

/* What ran in a dead runner died with it. A run that is asked for again is in the slot's list, not
 * in the one that is walked. */
static void on_death(struct mc_runner_slot *slot, const mc_err *err)
{
    struct mc_list lost;
    struct mc_slot_run *run;
    mc_log("runner: %s", err->message);
    slot_stop(slot);
    mc_list_init(&lost);
    mc_list_move(&lost, &slot->runs);
    while ((run = MC_LIST_FIRST(&lost, struct mc_slot_run, node))) {
        mc_node_remove(&run->node);
        run->lost(run, err);
    }
}

static struct mc_slot_run *find_run(const struct mc_runner_slot *slot, uint64_t id)
{
    MC_LIST_EACH(&slot->runs, struct mc_slot_run, run, node)
    {
        if (run->id == id) {
            return run;
        }
    }
    return NULL;
}

/* One word of the runner, which may be its last. False where there is none. */
static bool hear(struct mc_runner_slot *slot)
{
    static struct mc_runner_event event;
    mc_err err = {0};
    int got = mc_runner_link_read(slot->link, &event, &err);
    if (got > 0 && event.kind == MC_RUNNER_BROKEN) {
        got = mc_err_set(
            &err, MC_RUNNER_FAILED, "the Mojo runtime could not be loaded: %s", event.message);
    }
    if (got < 0) {
        on_death(slot, &err);
    }
    struct mc_slot_run *run = got > 0 ? find_run(slot, event.id) : NULL;
    if (run) {
        run->event(run, &event);
    }
    return got > 0;
}

static void on_runner(struct mc_watch *watch, short revents)
{
    (void) revents;
    enum { EVENTS_A_ROUND = 16 };
    struct mc_runner_slot *slot = watch->owner;
    for (int i = 0; i < EVENTS_A_ROUND && slot->link && hear(slot); i++) {
    }
}

static int
slot_start(struct mc_runner_slot *slot, const struct mc_toolchain *toolchain, mc_err *err)
{
    mc_autofree char *runner = NULL;
    if (asprintf(&runner, "%s/mojocell-runner", slot->core->options.libexec) < 0) {
        runner = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    struct mc_runner_spec spec = {.runner = runner,
                                  .libraries = (const char *const *) toolchain->libraries.items,
                                  .log_fd = STDERR_FILENO};
    if (mc_runner_link_start(&spec, &slot->link, err) < 0) {
        return mc_err_wrap(err, "start the runner");
    }
    slot->core->counters.runners++;
    slot->watch = (struct mc_watch) {.fd = mc_runner_link_fd(slot->link),
                                     .events = ZMQ_POLLIN,
                                     .ready = on_runner,
                                     .owner = slot};
    if (mc_loop_add(&slot->core->loop, &slot->watch, err) < 0) {
        slot_stop(slot);
        return -1;
    }
    return 0;
}

static struct mc_runner_slot *find_slot(struct mc_runner_slots *slots, const char *runtime)
{
    MC_LIST_EACH(&slots->all, struct mc_runner_slot, slot, node)
    {
        if (strcmp(slot->runtime, runtime) == 0) {
            return slot;
        }
    }
    return NULL;
}

int mc_runner_slot_get(struct mc_runner_slots *slots,
                       const struct mc_toolchain *toolchain,
                       struct mc_runner_slot **ret,
                       mc_err *err)
{
    struct mc_runner_slot *slot = find_slot(slots, toolchain->runtime);
    if (!slot) {
        slot = mc_new(struct mc_runner_slot);
        if (!slot) {
            return mc_err_set(err, MC_NO_MEMORY, "out of memory");
        }
        slot->core = slots->core;
        snprintf(slot->runtime, sizeof slot->runtime, "%s", toolchain->runtime);
        mc_list_init(&slot->runs);
        mc_list_add(&slots->all, &slot->node);
    }
    if (!slot->link && slot_start(slot, toolchain, err) < 0) {
        return -1;
    }
    *ret = slot;
    return 0;
}

int mc_runner_slot_run(struct mc_runner_slot *slot,
                       struct mc_slot_run *run,
                       const struct mc_runner_run *spec,
                       mc_err *err)
{
    if (mc_runner_link_run(slot->link, spec, err) < 0) {
        return -1;
    }
    run->id = spec->id;
    mc_list_add(&slot->runs, &run->node);
    return 0;
}

void mc_runner_slot_bury(struct mc_runner_slot *slot, const mc_err *why)
{
    uint64_t runners = slot->core->counters.runners; /* more: it has a successor already */
    while (slot->link && slot->core->counters.runners == runners && hear(slot)) {
    }
    if (slot->link && slot->core->counters.runners == runners) {
        on_death(slot, why);
    }
}

void mc_runner_slot_signal(struct mc_runner_slot *slot, const struct mc_slot_run *run, int signal)
{
    mc_err err;
    if (slot->link && mc_runner_link_signal(slot->link, run->id, signal, &err) < 0) {
        mc_log("signal a program: %s", err.message);
    }
}

void mc_runner_slot_forget(struct mc_slot_run *run)
{
    mc_node_remove(&run->node);
}

void mc_runner_slot_kill(struct mc_runner_slot *slot)
{
    if (slot->link) {
        mc_log("runner %d does not answer: killed", (int) mc_runner_link_pid(slot->link));
        kill(mc_runner_link_pid(slot->link), SIGKILL);
    }
}

json_t *mc_runner_slots_json(const struct mc_runner_slots *slots)
{
    json_t *array = json_array();
    MC_LIST_EACH(&slots->all, struct mc_runner_slot, slot, node)
    {
        if (slot->link) {
            json_array_append_new(array,
                                  json_pack("{s:i, s:s}",
                                            "pid",
                                            (int) mc_runner_link_pid(slot->link),
                                            "runtime",
                                            slot->runtime));
        }
    }
    return array;
}

void mc_runner_slots_init(struct mc_runner_slots *slots, struct mc_core *core)
{
    slots->core = core;
    mc_list_init(&slots->all);
}

void mc_runner_slots_fini(struct mc_runner_slots *slots)
{
    MC_LIST_EACH(&slots->all, struct mc_runner_slot, slot, node)
    {
        slot_stop(slot);
        free(slot);
    }
}
