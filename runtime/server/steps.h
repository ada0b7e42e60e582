/* The way of a request as a list of named steps. A step either finishes at once and the next one
 * follows, or it waits and whoever it waits for advances the request again, or it answered and the
 * request is gone. */
#pragma once

enum mc_progress {
    MC_NEXT,    /* go on with the next step */
    MC_WAIT,    /* mc_request_advance will be called */
    MC_ANSWERED /* the request was finished and freed */
};

struct mc_request;

struct mc_step {
    const char *name;
    enum mc_progress (*go)(struct mc_request *request);
};

/* The steps of `compile` and `run`; a list ends with an empty step. */
extern const struct mc_step mc_cell_steps[];

/* Starts the steps of the request. */
void mc_request_start(struct mc_request *request, const struct mc_step *steps);

/* What the request waited for has happened: goes on with the step after. */
void mc_request_advance(struct mc_request *request);

/* Puts the times so far into the request's result. */
void mc_steps_times(struct mc_request *request);
