#include "server/pipeline.h"

#include "base/fault.h"
#include "base/json.h"
#include "base/os.h"
#include "server/request.h"

enum mc_progress mc_step_fail(struct mc_request *request, const mc_err *err)
{
    mc_request_fail(request, err);
    return MC_ANSWERED;
}

void mc_step_set(struct mc_request *request, const char *name, json_t *value)
{
    json_object_set_new(request->result, name, value);
}

static json_t *seconds(int64_t ns)
{
    return json_real((double) ns / 1e9);
}

void mc_step_set_times(struct mc_request *request)
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
    mc_step_set(request, "times", object);
}

static void go_on(struct mc_request *request)
{
    while (request->step->go) {
        mc_err err = {0};
        if (mc_fault(request->step->name)) {
            mc_err_errno(&err, MC_SYSTEM, "%s", request->step->name);
            mc_step_fail(request, &err);
            return;
        }
        mc_json_refused();
        enum mc_progress progress = request->step->go(request);
        if (progress == MC_ANSWERED) {
            return;
        }
        if (mc_json_refused()) { /* what this step found out may lack anything */
            mc_err_set(&err, MC_NO_MEMORY, "out of memory");
            mc_step_fail(request, &err);
            return;
        }
        request->step++;
        if (progress == MC_WAIT) {
            return;
        }
    }
}

void mc_request_woken(struct mc_task *task)
{
    go_on(task->owner);
}

void mc_request_start(struct mc_request *request, const struct mc_step *steps)
{
    const struct mc_task woken = {.go = mc_request_woken, .owner = request};
    request->toolchain_waiter.task = woken;
    request->compilation_user.waiter.task = woken;
    request->run_user.waiter.task = woken;
    request->step = steps;
    go_on(request);
}
