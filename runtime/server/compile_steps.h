/* The steps of a request from its text to an artifact. */
#pragma once

#include "server/pipeline.h"

/* Splits the cell. What is wrong with the cell itself is the user's failure, not an error of the
 * request. */
enum mc_progress mc_step_scan(struct mc_request *request);

/* The request learns its compiler: waits where it is not known yet. Put mc_step_toolchain_known
 * behind it, which starts a runner early: it is ready when the cell is compiled. */
enum mc_progress mc_step_toolchain(struct mc_request *request);
enum mc_progress mc_step_toolchain_known(struct mc_request *request);

/* What these two do, for who goes on without a compiler: 1 where the request has to wait, -1 where
 * there is none. */
int mc_toolchain_look(struct mc_request *request, mc_err *err) MC_MUST_USE;
int mc_toolchain_learn(struct mc_request *request, mc_err *err) MC_MUST_USE;

/* What to compile, and whether it is there already. */
enum mc_progress mc_step_prepare(struct mc_request *request);
enum mc_progress mc_step_lookup(struct mc_request *request);

/* Where it is not: waits for the compilation, and takes its artifact or its diagnostics. */
enum mc_progress mc_step_compile(struct mc_request *request);
enum mc_progress mc_step_artifact(struct mc_request *request);

/* What was found out when the artifact was made is told; `compile` is answered. */
enum mc_progress mc_step_compiled(struct mc_request *request);
