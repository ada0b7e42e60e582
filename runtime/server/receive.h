/* The door: every message that comes is checked here, and starts a request or is answered with what
 * is wrong with it. */
#pragma once

#include "base/err.h"

struct mc_message;
struct mc_server;

/* `malformed`: it is no message of the protocol at all, and why; else NULL. */
void mc_receive(struct mc_server *server,
                const struct mc_message *message,
                const mc_err *malformed);
