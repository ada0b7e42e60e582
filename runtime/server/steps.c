#include "server/steps.h"

#include "base/mem.h"
#include "base/os.h"
#include "cache/store.h"
#include "mojo/cell.h"
#include "mojo/toolchain.h"
#include "server/compilation.h"
#include "server/identified.h"
#include "server/prepared.h"
#include "server/run.h"
#include "server/server.h"

#include <string.h>

static enum mc_progress fail(struct mc_request *request, const mc_err *err)
{
    mc_request_fail(request, err);
    return MC_ANSWERED;
}

static void set_result(struct mc_request *request, const char *name, json_t *value)
{
    json_object_set_new(request->result, name, value);
}

/* Splits the cell. What is wrong with the cell itself is the user's failure, not an error of the
 * request. */
static enum mc_progress step_scan(struct mc_request *request)
{
    mc_err err = {0};
    int64_t began = mc_os_now();
    request->result = json_object();
    const struct mc_ask *ask = &request->ask;
    if (mc_cell_io_read(ask->inputs, ask->outputs, &request->io, &err) < 0) {
        return fail(request, &err);
    }
    if (mc_cell_parse_io(ask->source, ask->source_length, &request->io, &request->cell, &err) < 0) {
        if (err.code != MC_INVALID_CELL) {
            return fail(request, &err);
        }
        json_t *failure = mc_failure(mc_code_name(err.code), err.message, err.hint);
        mc_request_refuse(request, failure);
        return MC_ANSWERED;
    }
    set_result(request, "kind", json_string(mc_cell_kind_name(mc_cell_kind(request->cell))));
    set_result(request, "cell", mc_cell_json(request->cell));
    request->times.scan = mc_os_now() - began;
    return MC_NEXT;
}

static enum mc_progress step_toolchain(struct mc_request *request)
{
    mc_err err = {0};
    int found = mc_identified_find(request, &err);
    if (found < 0) {
        return fail(request, &err);
    }
    return found > 0 ? MC_WAIT : MC_NEXT;
}

static enum mc_progress step_prepare(struct mc_request *request)
{
    mc_err err = {0};
    if (mc_prepared_make(request, &request->prepared, &err) < 0) {
        return fail(request, &err);
    }
    set_result(request, "key", json_string(request->prepared->key));
    set_result(request,
               "toolchain",
               json_pack("{s:s, s:s, s:s}",
                         "version",
                         request->toolchain->version,
                         "root",
                         request->toolchain->root,
                         "found",
                         request->toolchain_how));
    return MC_NEXT;
}

static enum mc_progress step_lookup(struct mc_request *request)
{
    struct mc_store *store = request->server->store;
    if (request->ask.force) {
        return MC_NEXT;
    }
    struct mc_store_entry entry = {0};
    if (mc_store_lookup(store, request->prepared->key, &entry) > 0) {
        request->artifact = mc_take(&entry.artifact);
        request->meta = json_incref(entry.meta);
        set_result(request, "cache", json_string("hit"));
        mc_store_note(store,
                      request->ask.cell,
                      request->prepared->key,
                      request->prepared->parts,
                      MC_OUTCOME_HIT);
    }
    mc_store_entry_fini(&entry);
    return MC_NEXT;
}

static enum mc_progress step_compile(struct mc_request *request)
{
    mc_err err = {0};
    if (request->artifact) {
        return MC_NEXT;
    }
    return mc_compilation_join(request, &err) < 0 ? fail(request, &err) : MC_WAIT;
}

/* What a process needs that loads the artifact itself. */
static json_t *runtime_json(const struct mc_toolchain *toolchain)
{
    json_t *libraries = json_array();
    for (size_t i = 0; i < toolchain->libraries.count; i++) {
        json_array_append_new(libraries, json_string(toolchain->libraries.items[i]));
    }
    return json_pack("{s:s, s:o}", "identity", toolchain->runtime, "libraries", libraries);
}

/* The modules that the cell uses, by the names that a crash in one has. */
static json_t *used_json(const struct mc_using *using)
{
    json_t *used = json_object();
    for (size_t i = 0; i < using->names.count; i++) {
        json_object_set_new(used, using->names.items[i], json_string(using->texts.items[i]));
    }
    return used;
}

/* What was found out when the artifact was made belongs to every result that uses it. */
static void copy_meta(struct mc_request *request)
{
    static const char *const names[] = {
        "diagnostics", "modernized", "source", "functions", "skipped", "run"};
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        json_t *value = json_object_get(request->meta, names[i]);
        if (value) {
            json_object_set(request->result, names[i], value);
        }
    }
    set_result(request, "artifact", json_string(request->artifact));
    if (request->prepared->using.names.count > 0) {
        set_result(request, "used", used_json(&request->prepared->using));
    }
    if (json_array_size(json_object_get(request->meta, "functions")) > 0 ||
        json_object_get(request->meta, "run")) {
        set_result(request, "runtime", runtime_json(request->toolchain));
    }
}

static json_t *seconds(int64_t ns)
{
    return json_real((double) ns / 1e9);
}

void mc_steps_times(struct mc_request *request)
{
    const struct mc_times *times = &request->times;
    json_t *object = json_object();
    json_object_set_new(object, "queue", seconds(times->queue));
    json_object_set_new(object, "identify", seconds(times->identify));
    json_object_set_new(object, "scan", seconds(times->scan));
    json_object_set_new(object, "compile", seconds(times->compile));
    json_object_set_new(object, "load", seconds(times->load));
    json_object_set_new(object, "run", seconds(times->run));
    json_object_set_new(object, "total", seconds(mc_os_now() - request->began));
    set_result(request, "times", object);
}

static enum mc_progress step_compiled(struct mc_request *request)
{
    copy_meta(request);
    if (request->op == MC_OP_COMPILE) {
        mc_steps_times(request);
        mc_request_finish(request, true, json_incref(request->result));
        return MC_ANSWERED;
    }
    return MC_NEXT;
}

static void tell_compiled(struct mc_request *request)
{
    mc_request_event(request,
                     "compiled",
                     json_pack("{s:O, s:O?}",
                               "cache",
                               json_object_get(request->result, "cache"),
                               "diagnostics",
                               json_object_get(request->result, "diagnostics")));
}

static enum mc_progress step_run(struct mc_request *request)
{
    mc_err err = {0};
    if (mc_cell_kind(request->cell) == MC_CELL_DEFINITIONS && !request->ask.worker) {
        tell_compiled(request);
        set_result(request, "returncode", json_integer(0));
        set_result(request, "signal", json_null());
        mc_steps_times(request);
        mc_request_finish(request, true, json_incref(request->result));
        return MC_ANSWERED;
    }
    /* The run is under way while the event goes out; what there is to say of it comes later. */
    int started = mc_run_start(request, &err);
    tell_compiled(request);
    return started < 0 ? fail(request, &err) : MC_WAIT;
}

const struct mc_step mc_cell_steps[] = {
    {"scan", step_scan},
    {"toolchain", step_toolchain},
    {"prepare", step_prepare},
    {"lookup", step_lookup},
    {"compile", step_compile},
    {"compiled", step_compiled},
    {"run", step_run},
    {0},
};

static void go_on(struct mc_request *request)
{
    while (request->step->go) {
        enum mc_progress progress = request->step->go(request);
        if (progress != MC_NEXT) {
            return;
        }
        request->step++;
    }
}

void mc_request_start(struct mc_request *request, const struct mc_step *steps)
{
    request->step = steps;
    go_on(request);
}

void mc_request_advance(struct mc_request *request)
{
    request->step++;
    go_on(request);
}
