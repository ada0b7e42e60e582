/* A program that runs for a request: its process (a child of the runner), its output, its limits
 * and its end. */
#pragma once

#include "server/request.h"

struct mc_runner_event;

/* Starts request->artifact in a runner; the end of the program answers the request. */
int mc_run_start(struct mc_request *request, mc_err *err) MC_MUST_USE;

/* The peer has taken that many bytes of output. */
void mc_run_credit(struct mc_request *request, int64_t bytes);

/* Ends the program; its end will answer `cancelled`. */
void mc_run_cancel(struct mc_request *request);

/* Drops the run of a request that is being freed; a program still alive is killed. */
void mc_run_abandon(struct mc_request *request);

/* For the runner slot: what it tells, and the list it keeps. */
void mc_run_event(struct mc_run *run, const struct mc_runner_event *event);
void mc_run_lost(struct mc_run *run, const mc_err *err);
uint64_t mc_run_id(const struct mc_run *run);
struct mc_run *mc_run_sibling(const struct mc_run *run);
void mc_run_set_sibling(struct mc_run *run, struct mc_run *sibling);
