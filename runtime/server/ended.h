/* How a program that has ended is told: which limit, crash, error or exit status it was, in the
 * result of its request. */
#pragma once

#include "proc/limits.h"
#include "server/request.h"

struct mc_runner_event;

struct mc_ended {
    struct mc_request *request;
    const struct mc_runner_event *event; /* of kind MC_RUNNER_ENDED, outcome MC_RUNNER_RAN */
    const struct mc_limits *limits;
    enum mc_limit killed_by; /* the limit for which the daemon killed it */
    struct {
        int64_t bytes;
        const struct mc_buf *tail; /* the last of it, where a crash leaves its words */
    } out, err;
};

/* Finishes the request. */
void mc_ended_answer(const struct mc_ended *ended);
