/* What a language server does next: decided in one place, whenever anything has come. For the files
 * of language servers alone. */
#pragma once

#include "server/language_state.h"

/* Of a new one: its timers, its task and what its process calls. */
void mc_language_server_init(struct mc_language_server *server, struct mc_core *core);

/* Ends its process; what it has read is forgotten. */
void mc_language_server_stop(struct mc_language_server *server);
