#include "server/ops.h"

#include "base/mem.h"
#include "base/paths.h"
#include "cache/store.h"
#include "server/compile_steps.h"
#include "server/info.h"
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

static void op_cache_stats(struct mc_request *request)
{
    const struct mc_counters *counters = &request->server->core.counters;
    json_t *stats = mc_store_stats(request->server->core.store);
    json_object_update_new(stats, mc_info_compilations(counters));
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
    [MC_OP_INFO] = mc_info_start,
    [MC_OP_SHUTDOWN] = op_shutdown,
};

void mc_ops_start(struct mc_request *request)
{
    ops[request->op](request);
}
