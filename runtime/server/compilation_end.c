#include "server/compilation_end.h"

#include "base/fault.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "cache/store.h"
#include "mojo/silent.h"
#include "runner/runner_link.h"
#include "server/compilation_state.h"
#include "server/waiter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Nobody joins it any more; those who wait will find what it left. */
static void end(struct mc_compilation *compilation)
{
    compilation->over = true;
    compilation->over_at = mc_os_now();
    mc_node_remove(&compilation->node);
    mc_waiters_wake(&compilation->core->loop, &compilation->waiters);
    mc_loop_post(&compilation->core->loop, compilation->turns);
}

void mc_compilation_hint_at_room(const struct mc_compilation *compilation, mc_err *err)
{
    mc_err_hint(
        err,
        "make room on the disk of '%.100s', or let MOJOCELL_RUNTIME_DIR name a directory on "
        "another one",
        compilation->core->options.runtime_dir);
}

void mc_compilation_fail(struct mc_compilation *compilation, const mc_err *err)
{
    compilation->error = *err;
    if (err->sys == ENOSPC || err->sys == EDQUOT) {
        mc_compilation_hint_at_room(compilation, &compilation->error);
    }
    end(compilation);
}

void mc_compilation_refuse(struct mc_compilation *compilation, json_t *diagnostics)
{
    compilation->diagnostics = diagnostics;
    end(compilation);
}

/* One line for whoever would wonder about slow code. */
static void tell_lowered(const struct mc_compilation *compilation, json_t *diagnostics)
{
    char text[256];
    snprintf(text,
             sizeof text,
             "the compiler crashed on this (%s); without optimization (-O0) it did not, so the "
             "code is slower",
             strsignal(compilation->crash_signal));
    json_array_insert_new(diagnostics,
                          0,
                          json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:[], s:[]}",
                                    "kind",
                                    "warning",
                                    "message",
                                    text,
                                    "line",
                                    "column",
                                    "end_line",
                                    "end_column",
                                    "source",
                                    "notes",
                                    "fixits"));
}

static json_t *make_meta(const struct mc_compilation *compilation, json_t *diagnostics)
{
    if (compilation->crash_signal) {
        tell_lowered(compilation, diagnostics);
    }
    mc_silent_add(compilation->cell, &compilation->flags, diagnostics);
    json_t *meta = json_pack("{s:o, s:s, s:f}",
                             "diagnostics",
                             diagnostics,
                             "module",
                             compilation->module,
                             "compile",
                             (double) (mc_os_now() - compilation->started_at) / 1e9);
    if (compilation->changes) {
        json_object_set(meta, "modernized", compilation->changes);
        json_object_set_new(
            meta, "source", json_stringn(compilation->source.data, compilation->source.length));
    }
    json_object_set_new(meta, "functions", mc_bindings_functions(compilation->bindings));
    json_t *run = mc_bindings_run(compilation->bindings);
    if (run) {
        json_object_set_new(meta, "run", run);
    }
    json_object_set_new(meta, "records", mc_bindings_records(compilation->bindings));
    json_object_set_new(meta, "skipped", mc_bindings_skipped(compilation->bindings));
    const char *reason = mc_runner_needs_fresh(compilation->compiler.artifact);
    if (reason) {
        json_object_set_new(meta, "fresh", json_string(reason));
    }
    return meta;
}

/* Puts the artifact into the cache. Where that cannot be done the work still succeeds: the file
 * stays in a place of this daemon's own until the daemon ends. */
static int publish(struct mc_compilation *compilation, mc_err *err)
{
    struct mc_core *core = compilation->core;
    struct mc_store_entry entry = {0};
    if (mc_fault("publish")) {
        mc_err_errno(err, MC_CACHE_UNAVAILABLE, "keep the artifact");
    } else if (mc_store_publish(core->store,
                                compilation->key,
                                compilation->compiler.artifact,
                                compilation->meta,
                                &entry,
                                err) == 0) {
        compilation->artifact = mc_take(&entry.artifact);
        mc_store_entry_fini(&entry);
        return 0;
    }
    mc_log("cache: %s", err->message);
    json_object_set_new(compilation->meta, "uncached", json_string(err->message));
    if (asprintf(&compilation->artifact,
                 "%s/uncached-%llu.so",
                 core->work_dir,
                 (unsigned long long) ++core->serial) < 0) {
        compilation->artifact = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (rename(compilation->compiler.artifact, compilation->artifact) < 0) {
        return mc_err_errno(err, MC_IO, "keep the artifact as '%s'", compilation->artifact);
    }
    return 0;
}

void mc_compilation_succeed(struct mc_compilation *compilation, json_t *diagnostics)
{
    mc_err err = {0};
    compilation->from_cache = mc_compiler_answered_from_cache(&compilation->compiler);
    mc_json_refused();
    compilation->meta = make_meta(compilation, diagnostics);
    if (mc_json_refused()) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        mc_compilation_fail(compilation, &err);
        return;
    }
    if (publish(compilation, &err) < 0) {
        mc_compilation_fail(compilation, &err);
        return;
    }
    end(compilation);
}
