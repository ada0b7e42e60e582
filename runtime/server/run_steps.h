/* The steps of a `run` from its artifact to its end. */
#pragma once

#include "server/pipeline.h"

/* Waits for the program's end; a cell of definitions alone has none, and is answered. */
enum mc_progress mc_step_run(struct mc_request *request);
/* Tells what became of it, or goes back to mc_step_prepare, which has to be in the same list: an
 * artifact may be gone when it is to be loaded. */
enum mc_progress mc_step_ended(struct mc_request *request);
