/* The way of a request as a list of named steps. A step either finishes at once and the next one
 * follows, or the request waits and the next one follows when it is woken, or it was answered. */
#pragma once

#include "base/err.h"

#include <jansson.h>

enum mc_progress {
    MC_NEXT,    /* go on with the next step */
    MC_WAIT,    /* a waiter of the request's will be woken */
    MC_ANSWERED /* there is nothing more to do */
};

struct mc_request;
struct mc_task;

struct mc_step {
    const char *name;
    enum mc_progress (*go)(struct mc_request *request);
};

/* Starts the steps of the request; the list ends with an empty one. */
void mc_request_start(struct mc_request *request, const struct mc_step *steps);

/* For the task of a waiter that the request has beside those that it comes with: the next step. */
void mc_request_woken(struct mc_task *task);

/* For steps: answers with the error. */
enum mc_progress mc_step_fail(struct mc_request *request, const mc_err *err);

/* Puts a field into the request's result; `value` is stolen. */
void mc_step_set(struct mc_request *request, const char *name, json_t *value);
/* The times so far. */
void mc_step_set_times(struct mc_request *request);
