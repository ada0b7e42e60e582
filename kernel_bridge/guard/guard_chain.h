/* Signal handlers in front of those of others, who are to notice nothing.
 *
 * Where somebody has taken a signal since, arming puts the handler in front once more, as a further
 * level with an entry point of its own. Each of the others thus finds, when it passes a signal on
 * or puts back what it had found, the level that it replaced, and what was behind that. */
#pragma once

#include <signal.h>

typedef void mc_chain_handler(int number, siginfo_t *info, void *context, int level);

/* Calls `handler` for the signal from now on, in whatever thread, on the alternate stack where
 * there is one. Nothing where it is in front already. One caller at a time. */
void mc_chain_arm(int number, mc_chain_handler *handler);

/* Within a handler: does what would have happened without its level. May return; may also not. */
void mc_chain_pass_on(int number, siginfo_t *info, void *context, int level);
