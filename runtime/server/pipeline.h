/* The way of a request as a list of named steps. A step either finishes at once and the next one
 * follows, or the request waits and the next one follows when it is woken, or it was answered. */
#pragma once

enum mc_progress {
    MC_NEXT,    /* go on with the next step */
    MC_WAIT,    /* a waiter of the request's will be woken */
    MC_ANSWERED /* there is nothing more to do */
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

/* The step in which a request learns its compiler: waits where it is not known yet. Put
 * mc_step_toolchain_known behind it. */
enum mc_progress mc_step_toolchain(struct mc_request *request);
enum mc_progress mc_step_toolchain_known(struct mc_request *request);
