#include "server/pipeline.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "cache/store.h"
#include "mojo/cell.h"
#include "mojo/toolchain.h"
#include "runner/runner_link.h"
#include "server/cache_key.h"
#include "server/outcome.h"
#include "server/request.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MOST_AGAIN = 10 };

static enum mc_progress fail(struct mc_request *request, const mc_err *err)
{
    mc_request_fail(request, err);
    return MC_ANSWERED;
}

static void set_result(struct mc_request *request, const char *name, json_t *value)
{
    json_object_set_new(request->result, name, value);
}

static json_t *seconds(int64_t ns)
{
    return json_real((double) ns / 1e9);
}

/* The times so far. */
static void set_times(struct mc_request *request)
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

/* Splits the cell. What is wrong with the cell itself is the user's failure, not an error of the
 * request. */
static enum mc_progress step_scan(struct mc_request *request)
{
    mc_err err = {0};
    int64_t began = mc_os_now();
    request->result = json_object();
    const struct mc_fields *fields = &request->fields;
    if (mc_cell_io_read(fields->inputs, fields->outputs, &request->io, &err) < 0) {
        return fail(request, &err);
    }
    if (mc_cell_parse_io(
            fields->source, fields->source_length, &request->io, &request->cell, &err) < 0) {
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

/* ---- which compiler ---- */

static void add_strings(struct mc_strv *ret, const json_t *array)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        mc_strv_add(ret, json_string_value(item));
    }
}

enum mc_progress mc_step_toolchain(struct mc_request *request)
{
    mc_err err = {0};
    mc_autostrv sites = MC_STRV_INIT;
    add_strings(&sites, request->fields.sites);
    if (mc_strv_check(&sites, &err) < 0) {
        return fail(request, &err);
    }
    struct mc_toolchain_hints hints = {
        .explicit_path = request->fields.toolchain, .sites = sites.items, 
            .envp = request->environment.items};
    int found = mc_toolchains_find(&request->server->toolchains,
                                   &hints,
                                   &request->toolchain_waiter,
                                   &request->toolchain_entry,
                                   &request->toolchain_root,
                                   &request->toolchain_how,
                                   &err);
    if (found < 0) {
        return fail(request, &err);
    }
    return found > 0 ? MC_WAIT : MC_NEXT;
}

/* A runner is started early: it is ready when the cell is compiled. */
enum mc_progress mc_step_toolchain_known(struct mc_request *request)
{
    mc_err err = {0};
    struct mc_runner_slot *slot;
    if (!request->toolchain_entry) {
        return MC_NEXT;
    }
    if (mc_toolchain_entry_result(request->toolchain_entry, &request->toolchain, &err) < 0) {
        return fail(request, &err);
    }
    request->times.identify = mc_os_now() - request->began - request->times.scan;
    if (mc_runner_slot_get(&request->server->runners, request->toolchain, &slot, &err) < 0) {
        mc_log("start a runner early: %s", err.message);
    }
    return MC_NEXT;
}

/* ---- what to compile, and whether it is there ---- */

static enum mc_progress step_prepare(struct mc_request *request)
{
    mc_err err = {0};
    if (mc_cache_key_make(
            &request->fields, request->toolchain, &request->io, &request->cache_key, &err) < 0) {
        return fail(request, &err);
    }
    set_result(request, "key", json_string(request->cache_key->key));
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

static void note(struct mc_request *request, enum mc_lookup outcome)
{
    const struct mc_fields *fields = &request->fields;
    mc_store_note(request->server->core.store,
                  fields->cell ? fields->cell : fields->name,
                  request->cache_key->key,
                  request->cache_key->parts,
                  outcome);
}

static enum mc_progress step_lookup(struct mc_request *request)
{
    struct mc_store_entry entry = {0};
    if (request->fields.force) {
        return MC_NEXT;
    }
    if (mc_store_lookup(request->server->core.store, request->cache_key->key, &entry) > 0) {
        request->artifact = mc_take(&entry.artifact);
        request->meta = json_incref(entry.meta);
        set_result(request, "cache", json_string("hit"));
        note(request, MC_LOOKUP_HIT);
    }
    mc_store_entry_fini(&entry);
    return MC_NEXT;
}

/* ---- the compilation ---- */

static struct mc_compilation_spec spec_of(const struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    const struct mc_cache_key *key = request->cache_key;
    return (struct mc_compilation_spec) {.key = key->key,
                                         .module = key->module,
                                         .toolchain = request->toolchain,
                                         .flags = &key->flags,
                                         .source = fields->source,
                                         .source_length = fields->source_length,
                                         .using = &key->using,
                                         .exports = fields->exports,
                                         .inputs = fields->inputs,
                                         .outputs = fields->outputs,
                                         .modernize = fields->modernize,
                                         .forced = fields->force};
}

static enum mc_progress step_compile(struct mc_request *request)
{
    mc_err err = {0};
    if (request->artifact) {
        return MC_NEXT;
    }
    struct mc_compilations *all = &request->server->compilations;
    struct mc_compilation_spec spec = spec_of(request);
    enum mc_join joined =
        mc_compilation_join(all, &spec, &request->compilation_user, &request->compilation, &err);
    switch (joined) {
    case MC_JOIN_FAILED:
        return fail(request, &err);
    case MC_JOIN_JOINED:
        set_result(request, "cache", json_string("joined"));
        note(request, MC_LOOKUP_JOINED);
        mc_request_event(request, "compiling", json_pack("{s:s}", "cause", "joined"));
        break;
    case MC_JOIN_QUEUED:
        mc_request_event(request, "queued", json_pack("{s:i}", "position", all->most));
        /* fallthrough */
    case MC_JOIN_STARTED:
        set_result(request, "cache", json_string("miss"));
        note(request, request->fields.force ? MC_LOOKUP_FORCED : MC_LOOKUP_MISS);
    }
    return MC_WAIT;
}

static json_t *first_error(const json_t *diagnostics)
{
    size_t i;
    json_t *diagnostic;
    json_array_foreach(diagnostics, i, diagnostic)
    {
        const char *kind = json_string_value(json_object_get(diagnostic, "kind"));
        if (kind && strcmp(kind, "error") == 0) {
            return diagnostic;
        }
    }
    return NULL;
}

static json_t *compile_failure(const json_t *diagnostics)
{
    const json_t *first = first_error(diagnostics);
    const char *message = json_string_value(json_object_get(first, "message"));
    json_t *failure = mc_failure("compile_failed",
                                 message ? message : "the compiler failed without a message",
                                 json_string_value(json_object_get(first, "hint")));
    if (first) {
        json_object_set(failure, "line", json_object_get(first, "line"));
        json_object_set(failure, "column", json_object_get(first, "column"));
    }
    return failure;
}

static enum mc_progress refuse(struct mc_request *request, const struct mc_compiled *compiled)
{
    json_object_set(request->result, "diagnostics", compiled->diagnostics);
    if (compiled->changes) {
        json_object_set(request->result, "modernized", compiled->changes);
        set_result(request, "source", json_stringn(compiled->text->data, compiled->text->length));
    }
    set_times(request);
    mc_request_refuse(request, compile_failure(compiled->diagnostics));
    return MC_ANSWERED;
}

static enum mc_progress step_artifact(struct mc_request *request)
{
    mc_err err = {0};
    struct mc_compiled compiled;
    if (!request->compilation) {
        return MC_NEXT;
    }
    mc_compilation_result(request->compilation, &compiled);
    request->times.queue = compiled.queued;
    request->times.compile = compiled.took;
    if (compiled.error) {
        return fail(request, compiled.error);
    }
    set_result(request, "compiler_cache", json_boolean(compiled.from_cache));
    if (!compiled.artifact) {
        return refuse(request, &compiled);
    }
    request->artifact = strdup(compiled.artifact);
    request->meta = json_incref(compiled.meta);
    if (!request->artifact) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        return fail(request, &err);
    }
    mc_compilation_leave(request->compilation, &request->compilation_user);
    request->compilation = NULL;
    return MC_NEXT;
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
    if (request->cache_key->using.names.count > 0) {
        set_result(request, "used", used_json(&request->cache_key->using));
    }
    if (json_array_size(json_object_get(request->meta, "functions")) > 0 ||
        json_object_get(request->meta, "run")) {
        set_result(request, "runtime", runtime_json(request->toolchain));
    }
}

static enum mc_progress step_compiled(struct mc_request *request)
{
    copy_meta(request);
    if (request->op == MC_OP_COMPILE) {
        set_times(request);
        mc_request_finish(request, true, json_incref(request->result));
        return MC_ANSWERED;
    }
    return MC_NEXT;
}

static void tell_compiled(struct mc_request *request)
{
    if (request->told_compiled) {
        return;
    }
    request->told_compiled = true;
    mc_request_event(request,
                     "compiled",
                     json_pack("{s:O, s:O?}",
                               "cache",
                               json_object_get(request->result, "cache"),
                               "diagnostics",
                               json_object_get(request->result, "diagnostics")));
}

/* ---- the program ---- */

/* What no clock and no counter reaches is as good as no limit. */
static double at_most(double value, double most)
{
    return value < most ? value : most;
}

static struct mc_limits limits_of(const struct mc_fields *fields)
{
    static const double most = 1e15;
    static const double bytes_per_mb = 1024 * 1024;
    return (struct mc_limits) {
        .wall = at_most(fields->limits_wall, most),
        .cpu = at_most(fields->limits_cpu, most),
        .memory = (int64_t) at_most(fields->limits_memory * bytes_per_mb, most),
        .output = (int64_t) at_most(fields->limits_output, most),
        .processes = (int64_t) at_most(fields->limits_processes, 1e6),
    };
}

static struct mc_run_spec run_spec_of(const struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    return (struct mc_run_spec) {.toolchain = request->toolchain,
                                 .output_paths = &request->output_paths,
                                 .artifact = request->artifact,
                                 .name = fields->name,
                                 .args = fields->args,
                                 .envp = request->environment.items,
                                 .cwd = fields->cwd,
                                 .umask = (mode_t) fields->umask,
                                 .input = request->input,
                                 .input_length = request->input_length,
                                 .window = fields->window,
                                 .limits = limits_of(fields),
                                 .worker = fields->worker,
                                 .fresh = fields->fresh || json_object_get(request->meta, "fresh")};
}

static enum mc_progress step_run(struct mc_request *request)
{
    mc_err err = {0};
    if (mc_cell_kind(request->cell) == MC_CELL_DEFINITIONS && !request->fields.worker) {
        tell_compiled(request);
        set_result(request, "returncode", json_integer(0));
        set_result(request, "signal", json_null());
        set_times(request);
        mc_request_finish(request, true, json_incref(request->result));
        return MC_ANSWERED;
    }
    request->output_paths = (struct mc_output_paths) {
        .cell = request->cell,
        .name = request->fields.name,
        .module = json_string_value(json_object_get(request->meta, "module")),
        .used = &request->cache_key->using.names};
    struct mc_run_spec spec = run_spec_of(request);
    /* The run is under way while the event goes out. Of what was in the cache it goes with the next
     * one: each alone wakes four threads, and a short program is over by then. */
    int started =
        mc_run_start(&request->server->runners, &spec, &request->run_user, &request->run, &err);
    if (started < 0 || request->times.compile) {
        tell_compiled(request);
    }
    return started < 0 ? fail(request, &err) : MC_WAIT;
}

/* Daemons that share a cache do not ask each other before they clear it or evict: what was to be
 * loaded can be gone. */
static bool is_gone(const struct mc_request *request, const struct mc_run_result *end)
{
    return end->event->outcome == MC_RUNNER_NOT_LOADED && access(request->artifact, F_OK) < 0 &&
           errno == ENOENT;
}

/* From the look-up once more. */
static enum mc_progress look_again(struct mc_request *request)
{
    request->looked_again++;
    mc_run_free(mc_take(&request->run));
    free(mc_take(&request->artifact));
    json_decref(mc_take(&request->meta));
    while (strcmp(request->step->name, "prepare") != 0) {
        request->step--;
    }
    return MC_NEXT;
}

static enum mc_progress step_ended(struct mc_request *request)
{
    struct mc_run_result end;
    mc_run_result(request->run, &end);
    if (is_gone(request, &end) && request->looked_again < MOST_AGAIN) {
        return look_again(request);
    }
    tell_compiled(request);
    if (end.error) {
        return fail(request, end.error);
    }
    json_t *failure = mc_outcome_tell(request, &end);
    set_times(request);
    if (failure) {
        mc_request_refuse(request, failure);
    } else {
        mc_request_finish(request, true, json_incref(request->result));
    }
    return MC_ANSWERED;
}

const struct mc_step mc_cell_steps[] = {
    {"scan", step_scan},
    {"toolchain", mc_step_toolchain},
    {"toolchain_known", mc_step_toolchain_known},
    {"prepare", step_prepare},
    {"lookup", step_lookup},
    {"compile", step_compile},
    {"artifact", step_artifact},
    {"compiled", step_compiled},
    {"run", step_run},
    {"ended", step_ended},
    {0},
};

/* ---- from step to step ---- */

static void go_on(struct mc_request *request)
{
    while (request->step->go) {
        mc_err err = {0};
        if (mc_fault(request->step->name)) {
            mc_err_errno(&err, MC_SYSTEM, "%s", request->step->name);
            fail(request, &err);
            return;
        }
        mc_json_refused();
        enum mc_progress progress = request->step->go(request);
        if (progress == MC_ANSWERED) {
            return;
        }
        if (mc_json_refused()) { /* what this step found out may lack anything */
            mc_err_set(&err, MC_NO_MEMORY, "out of memory");
            fail(request, &err);
            return;
        }
        request->step++;
        if (progress == MC_WAIT) {
            return;
        }
    }
}

static void on_woken(struct mc_task *task)
{
    go_on(task->owner);
}

static void on_compiling(struct mc_compilation_user *user, const char *cause)
{
    struct mc_request *request = MC_OF(user, struct mc_request, compilation_user);
    mc_request_event(request, "compiling", json_pack("{s:s}", "cause", cause));
}

static void on_started(struct mc_run_user *user, pid_t pid)
{
    struct mc_request *request = MC_OF(user, struct mc_request, run_user);
    tell_compiled(request);
    mc_request_event(request, "started", json_pack("{s:i}", "pid", (int) pid));
}

static void on_output(struct mc_run_user *user, bool is_stderr, const void *bytes, size_t length)
{
    mc_request_output(MC_OF(user, struct mc_request, run_user), is_stderr, bytes, length);
}

void mc_request_start(struct mc_request *request, const struct mc_step *steps)
{
    const struct mc_task woken = {.go = on_woken, .owner = request};
    request->toolchain_waiter.task = woken;
    request->compilation_user.waiter.task = woken;
    request->compilation_user.compiling = on_compiling;
    request->run_user.waiter.task = woken;
    request->run_user.started = on_started;
    request->run_user.output = on_output;
    request->step = steps;
    go_on(request);
}
