#include "server/info.h"

#include "base/build.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/modules.h"
#include "mojo/toolchain.h"
#include "server/cache_key.h"
#include "server/compile_steps.h"
#include "server/request.h"

#include <string.h>
#include <unistd.h>

json_t *mc_info_compilations(const struct mc_counters *counters)
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

/* Nothing where the directory holds none. */
static void add_directory(json_t *ret, const char *origin, const char *directory)
{
    mc_autostrv names = MC_STRV_INIT;
    mc_modules_list(directory, &names);
    json_t *listed = json_array();
    for (size_t i = 0; i < names.count; i++) {
        json_array_append_new(listed, json_string(names.items[i]));
    }
    if (names.count) {
        json_array_append_new(
            ret,
            json_pack(
                "{s:s, s:s, s:O}", "directory", directory, "origin", origin, "names", listed));
    }
    json_decref(listed);
}

/* In the order in which they are searched. A flag that is wrong is told where a cell is compiled.
 */
static json_t *list_modules(const struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    json_t *found = json_array();
    struct mc_cache_key *around = NULL;
    mc_err ignored;
    if (request->toolchain) {
        mc_autofree char *own = mc_fs_join(request->toolchain->root, "lib/mojo");
        add_directory(found, "compiler", own ? own : "");
    }
    const char *package = request->server->core.options.package;
    if (mc_cache_key_surroundings(fields, request->environment.items, package, &around, &ignored) ==
        0) {
        for (size_t i = 0; i < around->include.count; i++) {
            const char *directory = around->include.items[i];
            const char *origin = i < around->n_given                   ? "-I"
                                 : strcmp(directory, fields->cwd) == 0 ? "beside"
                                 : strcmp(directory, package) == 0     ? "mojocell"
                                                                       : "import path";
            add_directory(found, origin, directory);
        }
        mc_cache_key_free(around);
    }
    return found;
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
    json_t *counted = mc_info_compilations(counters);
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
    json_object_update(result, request->result);
    if (request->fields.flags && request->fields.cwd) {
        json_object_set_new(result, "modules", list_modules(request));
    }
    mc_request_finish(request, true, result);
}

/* Why a caller has no compiler: people ask for the rest because of that. */
static enum mc_progress go_without(struct mc_request *request, const mc_err *err)
{
    json_t *problem =
        json_pack("{s:s, s:s*}", "message", err->message, "hint", err->hint[0] ? err->hint : NULL);
    mc_step_set(request, "toolchain_problem", problem);
    return MC_NEXT;
}

/* Tells which compiler a caller with these sites and this environment would get; one that is not
 * there is no error. */
static enum mc_progress step_look(struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    mc_err err = {0};
    bool asked = fields->sites || fields->env || fields->env_frame >= 0 || fields->toolchain;
    int found = asked ? mc_toolchain_look(request, &err) : 0;
    if (found < 0) {
        return go_without(request, &err);
    }
    return found > 0 ? MC_WAIT : MC_NEXT;
}

static enum mc_progress step_learn(struct mc_request *request)
{
    mc_err err = {0};
    return mc_toolchain_learn(request, &err) < 0 ? go_without(request, &err) : MC_NEXT;
}

static enum mc_progress step_info(struct mc_request *request)
{
    answer_info(request);
    return MC_ANSWERED;
}

static const struct mc_step info_steps[] = {
    {"toolchain", step_look}, {"toolchain_known", step_learn}, {"info", step_info}, {0}};

void mc_info_start(struct mc_request *request)
{
    request->result = json_object();
    mc_request_start(request, info_steps);
}
