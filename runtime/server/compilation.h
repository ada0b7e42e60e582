/* A compilation in flight, shared by every request for the same key: private directory, compiler
 * process, repairs of older sources and another round, publication in the cache. Made by the first
 * request, freed when it is over or when the last request has left it, which also ends the
 * compiler. */
#pragma once

#include "server/request.h"
#include "server/server.h"

/* Joins the compilation of the request's key or starts one; the request waits and is advanced with
 * `artifact` and `meta` set, or is answered where the source does not compile. */
int mc_compilation_join(struct mc_request *request, mc_err *err) MC_MUST_USE;

/* The request no longer waits. */
void mc_compilation_leave(struct mc_request *request);

/* Starts what is queued, as far as processors and memory allow. */
void mc_compilation_start_queued(struct mc_server *server);
void mc_compilation_free_all(struct mc_server *server);
