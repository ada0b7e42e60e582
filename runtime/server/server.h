/* mojocelld: one thread, one loop. The server owns every socket, child process, peer and request;
 * core.h draws its parts. */
#pragma once

#include "server/state.h"

/* Takes the lock, binds the socket, writes the readiness line. Returns 1 where another daemon holds
 * the lock. */
int mc_server_open(struct mc_server *server,
                   const struct mc_options *options,
                   mc_err *err) MC_MUST_USE;
int mc_server_run(struct mc_server *server, mc_err *err) MC_MUST_USE;
/* Ends every child, then removes what is its own. */
void mc_server_close(struct mc_server *server);
