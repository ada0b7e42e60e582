#include "server/run_steps.h"

#include "base/mem.h"
#include "mojo/cell.h"
#include "runner/runner_link.h"
#include "server/cache_key.h"
#include "server/outcome.h"
#include "server/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_AGAIN = 10 };

static void tell_compiled(struct mc_request *request)
{
    if (request->told_compiled) {
        return;
    }
    request->told_compiled = true;
    mc_request_event(request,
                     "compiled",
                     json_pack("{s:O, s:O*}",
                               "cache",
                               json_object_get(request->result, "cache"),
                               "diagnostics",
                               json_object_get(request->result, "diagnostics")));
}

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
                                 .terminal = fields->terminal,
                                 .asks = fields->asks && !request->delimited,
                                 .window = fields->window,
                                 .limits = limits_of(fields),
                                 .worker = fields->worker,
                                 .fresh = fields->fresh || json_object_get(request->meta, "fresh")};
}

static void on_started(struct mc_run_user *user, pid_t pid)
{
    struct mc_request *request = MC_OF(user, struct mc_request, run_user);
    tell_compiled(request);
    mc_request_event(request, "started", json_pack("{s:i}", "pid", (int) pid));
}

static void on_output(struct mc_run_user *user, const struct mc_printed *printed)
{
    mc_request_output(MC_OF(user, struct mc_request, run_user), printed);
}

static void on_asks(struct mc_run_user *user)
{
    mc_request_event(MC_OF(user, struct mc_request, run_user), "input", json_object());
}

enum mc_progress mc_step_run(struct mc_request *request)
{
    mc_err err = {0};
    if (mc_cell_kind(request->cell) == MC_CELL_DEFINITIONS && !request->fields.worker) {
        tell_compiled(request);
        mc_step_set(request, "returncode", json_integer(0));
        mc_step_set(request, "signal", json_null());
        mc_step_set_times(request);
        mc_request_finish(request, true, json_incref(request->result));
        return MC_ANSWERED;
    }
    request->output_paths = (struct mc_output_paths) {
        .cell = request->cell,
        .name = request->fields.name,
        .module = json_string_value(json_object_get(request->meta, "module"))};
    struct mc_run_spec spec = run_spec_of(request);
    request->run_user.started = on_started;
    request->run_user.output = on_output;
    request->run_user.asks = on_asks;
    /* The run is under way while the event goes out. Of what was in the cache it goes with the next
     * one: each alone wakes four threads, and a short program is over by then. */
    int started =
        mc_run_start(&request->server->runners, &spec, &request->run_user, &request->run, &err);
    if (started < 0 || request->times.compile) {
        tell_compiled(request);
    }
    return started < 0 ? mc_step_fail(request, &err) : MC_WAIT;
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

enum mc_progress mc_step_ended(struct mc_request *request)
{
    struct mc_run_result end;
    mc_run_result(request->run, &end);
    if (is_gone(request, &end) && request->looked_again < MOST_AGAIN) {
        return look_again(request);
    }
    tell_compiled(request);
    if (end.error) {
        return mc_step_fail(request, end.error);
    }
    json_t *failure = mc_outcome_tell(request, &end);
    mc_step_set_times(request);
    if (failure) {
        mc_request_refuse(request, failure);
    } else {
        mc_request_finish(request, true, json_incref(request->result));
    }
    return MC_ANSWERED;
}
