#include "server/ops.h"

#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "cache/store.h"
#include "mojo/toolchain.h"
#include "server/compile_steps.h"
#include "server/language_steps.h"
#include "server/request.h"
#include "server/run_steps.h"

#include <string.h>
#include <unistd.h>

static void op_hello(struct mc_request *request)
{
    mc_peer_greet(request->peer, (pid_t) request->fields.pid);
    mc_request_finish(request,
                      true,
                      json_pack("{s:s, s:s, s:i, s:i, s:[s,s,s,s,s,s]}",
                                "version",
                                MC_VERSION,
                                "build",
                                MC_BUILD_ID,
                                "protocol",
                                1,
                                "pid",
                                (int) getpid(),
                                "capabilities",
                                "compile",
                                "run",
                                "cache",
                                "credit",
                                "answer",
                                "cancel",
                                "language"));
}

static void op_cancel(struct mc_request *request)
{
    struct mc_request *target =
        mc_request_find(request->server, request->peer, request->fields.target);
    bool found = target && target != request;
    if (found) {
        mc_request_cancel(target);
    }
    mc_request_finish(request, true, json_pack("{s:b}", "found", found));
}

static json_t *count_compilations(const struct mc_counters *counters)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}",
                     "compilations",
                     (json_int_t) counters->compilations,
                     "speculated",
                     (json_int_t) counters->speculated,
                     "prefetched",
                     (json_int_t) counters->prefetched,
                     "promoted",
                     (json_int_t) counters->promoted,
                     "superseded",
                     (json_int_t) counters->superseded);
}

static void op_cache_stats(struct mc_request *request)
{
    const struct mc_counters *counters = &request->server->core.counters;
    json_t *stats = mc_store_stats(request->server->core.store);
    json_object_update_new(stats, count_compilations(counters));
    mc_request_finish(request, true, json_pack("{s:o}", "stats", stats));
}

static void op_cache_explain(struct mc_request *request)
{
    const char *cell = request->fields.cell ? request->fields.cell : request->fields.name;
    mc_request_finish(
        request,
        true,
        json_pack("{s:o}", "explanations", mc_store_explain(request->server->core.store, cell)));
}

static void op_cache_clear(struct mc_request *request)
{
    mc_err err = {0};
    int64_t entries = 0;
    int64_t bytes = 0;
    if (mc_store_clear(request->server->core.store, &entries, &bytes, &err) < 0) {
        mc_request_fail(request, &err);
        return;
    }
    mc_request_finish(
        request,
        true,
        json_pack("{s:I, s:I}", "entries", (json_int_t) entries, "bytes", (json_int_t) bytes));
}

static json_t *describe(const struct mc_toolchain *toolchain)
{
    json_t *json = NULL;
    mc_err ignored;
    return toolchain && mc_toolchain_to_json(toolchain, &json, &ignored) == 0 ? json : NULL;
}

static int count_requests(const struct mc_server *server)
{
    int count = 0;
    MC_LIST_EACH(&server->requests, struct mc_request, one, node)
    {
        count += one->node.next != NULL;
    }
    return count;
}

static void answer_info(struct mc_request *request)
{
    struct mc_server *server = request->server;
    const struct mc_counters *counters = &server->core.counters;
    json_t *result = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:f, s:i, s:i, s:I}",
                               "version",
                               MC_VERSION,
                               "build",
                               MC_BUILD_ID,
                               "protocol",
                               1,
                               "pid",
                               (int) getpid(),
                               "socket",
                               server->socket_path,
                               "cache_dir",
                               server->core.options.cache_dir,
                               "uptime",
                               (double) (mc_os_now() - server->started_at) / 1e9,
                               "max_compilers",
                               server->compilations.most,
                               "open_requests",
                               count_requests(server) - 1,
                               "rss",
                               (json_int_t) mc_os_rss(getpid()));
    json_t *counted = count_compilations(counters);
    json_object_set_new(result, "counters", counted);
    json_object_update_new(counted,
                           json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}",
                                     "requests",
                                     (json_int_t) counters->requests,
                                     "joined",
                                     (json_int_t) counters->joined,
                                     "repairs",
                                     (json_int_t) counters->repairs,
                                     "runs",
                                     (json_int_t) counters->runs,
                                     "runners",
                                     (json_int_t) counters->runners,
                                     "language_servers",
                                     (json_int_t) counters->language_servers));
    json_object_set_new(result, "toolchains", mc_toolchains_json(&server->toolchains));
    json_object_set_new(result, "languages", mc_languages_json(&server->languages));
    json_object_set_new(result, "runners", mc_runner_slots_json(&server->runners));
    if (request->toolchain) {
        json_object_set_new(result, "toolchain", describe(request->toolchain));
        json_object_set_new(result, "toolchain_found", json_string(request->toolchain_how));
    }
    mc_request_finish(request, true, result);
}

/* Tells which compiler a caller with these sites and this environment would get; one that is not
 * there is no error. */
static enum mc_progress step_info_toolchain(struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    bool asked = fields->sites || fields->env || fields->env_frame >= 0 || fields->toolchain;
    return asked ? mc_step_toolchain(request) : MC_NEXT;
}

static enum mc_progress step_info(struct mc_request *request)
{
    answer_info(request);
    return MC_ANSWERED;
}

static const struct mc_step info_steps[] = {{"toolchain", step_info_toolchain},
                                            {"toolchain_known", mc_step_toolchain_known},
                                            {"info", step_info},
                                            {0}};

static void op_info(struct mc_request *request)
{
    mc_request_start(request, info_steps);
}

static void op_shutdown(struct mc_request *request)
{
    struct mc_server *server = request->server;
    server->leaving = true;
    mc_log("shutdown was asked for");
    bool now = request->fields.now;
    mc_request_finish(request, true, json_object());
    mc_request_cancel_ahead(server);
    if (now) {
        mc_request_cancel_all(server, NULL);
    }
}

static const struct mc_step cell_steps[] = {{"scan", mc_step_scan},
                                            {"toolchain", mc_step_toolchain},
                                            {"toolchain_known", mc_step_toolchain_known},
                                            {"prepare", mc_step_prepare},
                                            {"lookup", mc_step_lookup},
                                            {"compile", mc_step_compile},
                                            {"artifact", mc_step_artifact},
                                            {"compiled", mc_step_compiled},
                                            {"run", mc_step_run},
                                            {"ended", mc_step_ended},
                                            {0}};

static void op_cell(struct mc_request *request)
{
    const struct mc_peer *peer = request->peer; /* which an answered request has no more */
    mc_request_start(request, cell_steps);
    mc_request_supersede(request, peer);
}

static void (*const ops[MC_OP_COUNT])(struct mc_request *request) = {
    [MC_OP_HELLO] = op_hello,
    [MC_OP_COMPILE] = op_cell,
    [MC_OP_RUN] = op_cell,
    [MC_OP_CHECK] = mc_language_start,
    [MC_OP_COMPLETE] = mc_language_start,
    [MC_OP_HOVER] = mc_language_start,
    [MC_OP_SIGNATURE] = mc_language_start,
    [MC_OP_FORMAT] = mc_language_start,
    [MC_OP_CANCEL] = op_cancel,
    [MC_OP_CACHE_STATS] = op_cache_stats,
    [MC_OP_CACHE_EXPLAIN] = op_cache_explain,
    [MC_OP_CACHE_CLEAR] = op_cache_clear,
    [MC_OP_INFO] = op_info,
    [MC_OP_SHUTDOWN] = op_shutdown,
};

void mc_ops_start(struct mc_request *request)
{
    ops[request->op](request);
}
