/* Calls of compiled functions in this process that survive their crashes and can be interrupted.
 *
 * A guarded call that crashes, or that Ctrl-C hits, is left by a jump. That is only safe where the
 * processor was in the artifact's own code, which holds nothing that others need: in the allocator
 * or in the C library an interrupt waits for a better moment, and a crash marks the process as
 * damaged. Memory that the function had taken by then is lost.
 *
 * Outside of guarded calls, in other threads and for signals that somebody sent, the handlers that
 * were there before behave as if this one did not exist. */
#pragma once

#include "abi/thunk.h"
#include "kernel_bridge/guard/artifact.h"
#include "kernel_bridge/guard/guard_thread.h"

#include <stdbool.h>
#include <sys/types.h>

/* Calls thunk(in, out). With or without the GIL, in any thread, also within another guarded call.
 * The words of *ret are set only where there is a crash. */
enum mc_guard_outcome mc_guard_call(const struct mc_artifact *artifact,
                                    mc_thunk *thunk,
                                    const uint64_t *in,
                                    uint64_t *out,
                                    struct mc_guard_result *ret);

/* Puts the handlers in place, also those that somebody has replaced since: before the first call,
 * and where others are known to install theirs (ipykernel does before each message). Costs a few
 * system calls. `interrupts`: SIGINT too; false where its handler is to stay as it is. */
void mc_guard_arm(bool interrupts);

/* Interrupts the guarded call that the thread (gettid) is in; nothing where it is in none. */
void mc_guard_interrupt(pid_t thread);

/* Behind a call: an interrupt of this thread that has not come yet does not come any more. */
void mc_guard_calm(void);
