#include "server/runner_slot.h"

#include "base/mem.h"
#include "mojo/toolchain.h"
#include "runner/link.h"
#include "server/run.h"

#include <zmq.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct mc_runner_slot {
    struct mc_server *server;
    char runtime[MC_HASH_HEX];   /* identity of the runtime it has loaded */
    struct mc_runner_link *link; /* NULL: none alive */
    struct mc_watch watch;
    struct mc_run *runs; /* that have not ended */
    struct mc_runner_slot *next;
};

static void slot_stop(struct mc_runner_slot *slot)
{
    mc_loop_remove(&slot->server->loop, &slot->watch);
    slot->link = mc_runner_link_free(slot->link);
}

/* What ran in a dead runner died with it. */
static void on_death(struct mc_runner_slot *slot, const mc_err *err)
{
    mc_log("runner: %s", err->message);
    slot_stop(slot);
    while (slot->runs) {
        struct mc_run *run = slot->runs;
        slot->runs = mc_run_sibling(run);
        mc_run_lost(run, err);
    }
}

static struct mc_run *find_run(const struct mc_runner_slot *slot, uint64_t id)
{
    struct mc_run *run = slot->runs;
    while (run && mc_run_id(run) != id) {
        run = mc_run_sibling(run);
    }
    return run;
}

static void on_runner(struct mc_watch *watch, short revents)
{
    (void) revents;
    enum { EVENTS_A_ROUND = 16 };
    struct mc_runner_slot *slot = watch->owner;
    for (int i = 0; i < EVENTS_A_ROUND && slot->link; i++) {
        static struct mc_runner_event event;
        mc_err err = {0};
        int got = mc_runner_link_read(slot->link, &event, &err);
        if (got < 0) {
            on_death(slot, &err);
        }
        if (got <= 0) {
            return;
        }
        if (event.kind == MC_RUNNER_BROKEN) {
            mc_err_set(
                &err, MC_RUNNER_FAILED, "the Mojo runtime could not be loaded: %s", event.message);
            on_death(slot, &err);
            return;
        }
        struct mc_run *run = find_run(slot, event.id);
        if (run) {
            mc_run_event(run, &event);
        }
    }
}

static int
slot_start(struct mc_runner_slot *slot, const struct mc_toolchain *toolchain, mc_err *err)
{
    mc_autofree char *runner = NULL;
    if (asprintf(&runner, "%s/mojocell-runner", slot->server->options.libexec) < 0) {
        runner = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    struct mc_runner_spec spec = {.runner = runner,
                                  .libraries = (const char *const *) toolchain->libraries.items,
                                  .log_fd = STDERR_FILENO};
    if (mc_runner_link_start(&spec, &slot->link, err) < 0) {
        return mc_err_wrap(err, "start the runner");
    }
    slot->server->counters.runners++;
    slot->watch = (struct mc_watch) {.fd = mc_runner_link_fd(slot->link),
                                     .events = ZMQ_POLLIN,
                                     .ready = on_runner,
                                     .owner = slot};
    return mc_loop_add(&slot->server->loop, &slot->watch, err);
}

int mc_runner_slot_get(struct mc_server *server,
                       const struct mc_toolchain *toolchain,
                       struct mc_runner_slot **ret,
                       mc_err *err)
{
    struct mc_runner_slot *slot = server->runners;
    while (slot && strcmp(slot->runtime, toolchain->runtime) != 0) {
        slot = slot->next;
    }
    if (!slot) {
        slot = calloc(1, sizeof *slot);
        if (!slot) {
            return mc_err_set(err, MC_NO_MEMORY, "out of memory");
        }
        slot->server = server;
        snprintf(slot->runtime, sizeof slot->runtime, "%s", toolchain->runtime);
        slot->next = server->runners;
        server->runners = slot;
    }
    if (!slot->link && slot_start(slot, toolchain, err) < 0) {
        return -1;
    }
    *ret = slot;
    return 0;
}

int mc_runner_slot_run(struct mc_runner_slot *slot,
                       struct mc_run *run,
                       const struct mc_runner_run *spec,
                       mc_err *err)
{
    if (mc_runner_link_run(slot->link, spec, err) < 0) {
        return -1;
    }
    mc_run_set_sibling(run, slot->runs);
    slot->runs = run;
    return 0;
}

void mc_runner_slot_signal(struct mc_runner_slot *slot, struct mc_run *run, int signal)
{
    mc_err err;
    if (slot->link && mc_runner_link_signal(slot->link, mc_run_id(run), signal, &err) < 0) {
        mc_log("signal a program: %s", err.message);
    }
}

void mc_runner_slot_forget(struct mc_runner_slot *slot, struct mc_run *run)
{
    if (slot->runs == run) {
        slot->runs = mc_run_sibling(run);
        return;
    }
    for (struct mc_run *one = slot->runs; one; one = mc_run_sibling(one)) {
        if (mc_run_sibling(one) == run) {
            mc_run_set_sibling(one, mc_run_sibling(run));
            return;
        }
    }
}

json_t *mc_runner_slot_json(const struct mc_server *server)
{
    json_t *array = json_array();
    for (const struct mc_runner_slot *slot = server->runners; slot; slot = slot->next) {
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

void mc_runner_slot_free_all(struct mc_server *server)
{
    while (server->runners) {
        struct mc_runner_slot *slot = server->runners;
        server->runners = slot->next;
        slot_stop(slot);
        free(slot);
    }
}
