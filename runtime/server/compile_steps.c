#include "server/compile_steps.h"

#include "base/mem.h"
#include "base/os.h"
#include "base/strv.h"
#include "cache/store.h"
#include "mojo/cell.h"
#include "mojo/comments.h"
#include "mojo/toolchain.h"
#include "server/cache_key.h"
#include "server/request.h"

#include <stdlib.h>
#include <string.h>

/* Comments take no compiler. */
static bool has_nothing(const struct mc_request *request)
{
    return mc_cell_is_empty(request->cell) && !request->fields.exports && !request->fields.loops &&
           !request->fields.worker;
}

static enum mc_progress answer_nothing(struct mc_request *request)
{
    mc_step_set(request, "functions", json_array());
    mc_step_set(request, "skipped", json_object());
    if (request->op == MC_OP_RUN) {
        mc_step_set(request, "returncode", json_integer(0));
        mc_step_set(request, "signal", json_null());
    }
    mc_step_set_times(request);
    mc_request_finish(request, true, json_incref(request->result));
    return MC_ANSWERED;
}

enum mc_progress mc_step_scan(struct mc_request *request)
{
    mc_err err = {0};
    int64_t began = mc_os_now();
    request->result = json_object();
    const struct mc_fields *fields = &request->fields;
    if (mc_cell_io_read(fields->inputs, fields->outputs, &request->io, &err) < 0) {
        return mc_step_fail(request, &err);
    }
    if (mc_cell_parse_io(
            fields->source, fields->source_length, &request->io, &request->cell, &err) < 0) {
        if (err.code != MC_INVALID_CELL) {
            return mc_step_fail(request, &err);
        }
        json_t *failure = mc_failure(mc_code_name(err.code), err.message, err.hint);
        mc_request_refuse(request, failure);
        return MC_ANSWERED;
    }
    mc_step_set(request, "kind", json_string(mc_cell_kind_name(mc_cell_kind(request->cell))));
    mc_step_set(request, "cell", mc_cell_json(request->cell));
    request->times.scan = mc_os_now() - began;
    return has_nothing(request) ? answer_nothing(request) : MC_NEXT;
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

int mc_toolchain_look(struct mc_request *request, mc_err *err)
{
    mc_autostrv sites = MC_STRV_INIT;
    add_strings(&sites, request->fields.sites);
    if (mc_strv_check(&sites, err) < 0) {
        return -1;
    }
    struct mc_toolchain_hints hints = {.explicit_path = request->fields.toolchain,
                                       .sites = sites.items,
                                       .envp = request->environment.items};
    return mc_toolchains_find(&request->server->toolchains,
                              &hints,
                              &request->toolchain_waiter,
                              &request->toolchain_entry,
                              &request->toolchain_root,
                              &request->toolchain_how,
                              err);
}

int mc_toolchain_learn(struct mc_request *request, mc_err *err)
{
    struct mc_runner_slot *slot;
    mc_err no_runner = {0};
    if (!request->toolchain_entry) {
        return 0;
    }
    if (mc_toolchain_entry_result(request->toolchain_entry, &request->toolchain, err) < 0) {
        return -1;
    }
    request->times.identify = mc_os_now() - request->began - request->times.scan;
    if (mc_runner_slot_get(&request->server->runners, request->toolchain, &slot, &no_runner) < 0) {
        mc_log("start a runner early: %s", no_runner.message);
    }
    return 0;
}

enum mc_progress mc_step_toolchain(struct mc_request *request)
{
    mc_err err = {0};
    int found = mc_toolchain_look(request, &err);
    if (found < 0) {
        return mc_step_fail(request, &err);
    }
    return found > 0 ? MC_WAIT : MC_NEXT;
}

enum mc_progress mc_step_toolchain_known(struct mc_request *request)
{
    mc_err err = {0};
    return mc_toolchain_learn(request, &err) < 0 ? mc_step_fail(request, &err) : MC_NEXT;
}

/* ---- what to compile, and whether it is there ---- */

/* The modules that the cell uses, by the names that a crash or a diagnostic in one has. */
static json_t *used_json(const struct mc_using *using)
{
    json_t *used = json_object();
    for (size_t i = 0; i < using->names.count; i++) {
        json_object_set_new(used, using->names.items[i], json_string(using->sources.items[i]));
    }
    return used;
}

enum mc_progress mc_step_prepare(struct mc_request *request)
{
    mc_err err = {0};
    if (mc_cache_key_make(&request->fields,
                          request->cell,
                          request->toolchain,
                          &request->io,
                          request->environment.items,
                          request->server->core.options.package,
                          &request->cache_key,
                          &err) < 0) {
        return mc_step_fail(request, &err);
    }
    mc_step_set(request, "key", json_string(request->cache_key->key));
    if (request->cache_key->using.names.count > 0) {
        mc_step_set(request, "used", used_json(&request->cache_key->using));
    }
    mc_step_set(request,
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

/* What nobody has asked for is no news of a cell. */
static void note(struct mc_request *request, enum mc_lookup outcome)
{
    const struct mc_fields *fields = &request->fields;
    if (fields->urgency != MC_URGENCY_FOREGROUND) {
        return;
    }
    mc_store_note(request->server->core.store,
                  fields->cell ? fields->cell : fields->name,
                  request->cache_key->key,
                  request->cache_key->parts,
                  outcome);
}

/* What was compiled had no comments, and others may have asked for it with theirs: what is said of
 * it has the request's own. */
static int say(struct mc_request *request, const json_t *diagnostics, mc_err *err)
{
    const struct mc_fields *fields = &request->fields;
    const json_t *repaired = json_object_get(request->result, "source");
    json_t *own = json_deep_copy(diagnostics);
    mc_autobuf text = MC_BUF_INIT;
    mc_step_set(request, "diagnostics", own);
    if (!repaired) {
        mc_comments_show(fields->source, fields->source_length, own);
        return 0;
    }
    if (mc_comments_restore(json_string_value(repaired),
                            json_string_length(repaired),
                            fields->source,
                            fields->source_length,
                            &text,
                            err) < 0) {
        return -1;
    }
    mc_comments_show(text.data, text.length, own);
    mc_step_set(request, "source", json_stringn(text.data, text.length));
    return 0;
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
    mc_err err = {0};
    if (compiled->changes) {
        json_object_set(request->result, "modernized", compiled->changes);
        mc_step_set(request, "source", json_stringn(compiled->text->data, compiled->text->length));
    }
    if (say(request, compiled->diagnostics, &err) < 0) {
        return mc_step_fail(request, &err);
    }
    mc_step_set_times(request);
    mc_request_refuse(request, compile_failure(compiled->diagnostics));
    return MC_ANSWERED;
}

/* What was found wrong with it when it was compiled ahead. */
static enum mc_progress recall(struct mc_request *request)
{
    struct mc_compiled compiled;
    if (!mc_refusals_find(&request->server->refusals, request->cache_key->key, &compiled)) {
        return MC_NEXT;
    }
    mc_step_set(request, "cache", json_string("joined"));
    mc_step_set(request, "compiler_cache", json_false());
    note(request, MC_LOOKUP_JOINED);
    return refuse(request, &compiled);
}

enum mc_progress mc_step_lookup(struct mc_request *request)
{
    struct mc_store_entry entry = {0};
    if (request->fields.force) {
        return MC_NEXT;
    }
    if (mc_store_lookup(request->server->core.store, request->cache_key->key, &entry) > 0) {
        request->artifact = mc_take(&entry.artifact);
        request->meta = json_incref(entry.meta);
        mc_step_set(request, "cache", json_string("hit"));
        note(request, MC_LOOKUP_HIT);
    }
    mc_store_entry_fini(&entry);
    return request->artifact ? MC_NEXT : recall(request);
}

/* ---- the compilation ---- */

static struct mc_compilation_spec spec_of(const struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    const struct mc_cache_key *key = request->cache_key;
    size_t length;
    const char *source = mc_cell_text(request->cell, &length);
    return (struct mc_compilation_spec) {.key = key->key,
                                         .module = key->module,
                                         .toolchain = request->toolchain,
                                         .flags = &key->flags,
                                         .source = source,
                                         .source_length = length,
                                         .using = &key->using,
                                         .exports = fields->exports,
                                         .loops = fields->loops,
                                         .inputs = fields->inputs,
                                         .outputs = fields->outputs,
                                         .modernize = fields->modernize,
                                         .forced = fields->force};
}

static void on_compiling(struct mc_compilation_user *user, const char *cause)
{
    struct mc_request *request = MC_OF(user, struct mc_request, compilation_user);
    mc_request_event(request, "compiling", json_pack("{s:s}", "cause", cause));
}

enum mc_progress mc_step_compile(struct mc_request *request)
{
    mc_err err = {0};
    if (request->artifact) {
        return MC_NEXT;
    }
    struct mc_compilations *all = &request->server->compilations;
    struct mc_compilation_spec spec = spec_of(request);
    request->compilation_user.compiling = on_compiling;
    enum mc_join joined =
        mc_compilation_join(all, &spec, &request->compilation_user, &request->compilation, &err);
    switch (joined) {
    case MC_JOIN_FAILED:
        return mc_step_fail(request, &err);
    case MC_JOIN_JOINED:
        mc_step_set(request, "cache", json_string("joined"));
        note(request, MC_LOOKUP_JOINED);
        mc_request_event(request, "compiling", json_pack("{s:s}", "cause", "joined"));
        break;
    case MC_JOIN_QUEUED:
        mc_request_event(request, "queued", json_pack("{s:i}", "position", all->most));
        /* fallthrough */
    case MC_JOIN_STARTED:
        mc_step_set(request, "cache", json_string("miss"));
        note(request, request->fields.force ? MC_LOOKUP_FORCED : MC_LOOKUP_MISS);
    }
    return MC_WAIT;
}

enum mc_progress mc_step_artifact(struct mc_request *request)
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
        return mc_step_fail(request, compiled.error);
    }
    mc_step_set(request, "compiler_cache", json_boolean(compiled.from_cache));
    if (!compiled.artifact) {
        if (request->fields.urgency != MC_URGENCY_FOREGROUND) {
            mc_refusals_add(&request->server->refusals, request->cache_key->key, &compiled);
        }
        return refuse(request, &compiled);
    }
    request->artifact = strdup(compiled.artifact);
    request->meta = json_incref(compiled.meta);
    if (!request->artifact) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        return mc_step_fail(request, &err);
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

/* What was found out when the artifact was made belongs to every result that uses it. */
static int copy_meta(struct mc_request *request, mc_err *err)
{
    static const char *const names[] = {
        "modernized", "source", "functions", "records", "skipped", "run"};
    for (size_t i = 0; i < MC_LENGTH(names); i++) {
        json_t *value = json_object_get(request->meta, names[i]);
        if (value) {
            json_object_set(request->result, names[i], value);
        }
    }
    mc_step_set(request, "artifact", json_string(request->artifact));
    if (json_array_size(json_object_get(request->meta, "functions")) > 0 ||
        json_object_get(request->meta, "run")) {
        mc_step_set(request, "runtime", runtime_json(request->toolchain));
    }
    const json_t *diagnostics = json_object_get(request->meta, "diagnostics");
    return diagnostics ? say(request, diagnostics, err) : 0;
}

enum mc_progress mc_step_compiled(struct mc_request *request)
{
    mc_err err = {0};
    if (copy_meta(request, &err) < 0) {
        return mc_step_fail(request, &err);
    }
    if (request->op == MC_OP_COMPILE) {
        mc_step_set_times(request);
        mc_request_finish(request, true, json_incref(request->result));
        return MC_ANSWERED;
    }
    return MC_NEXT;
}
