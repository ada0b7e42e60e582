/* The end of a program, told before the kernel has taken its memory apart, which is a fifth of a
 * short program's time: whoever waits for a result need not wait for that. */
#pragma once

#include "runner/wire.h"

/* In the program's process: exit() tells the runner, as the last thing it does. By then the
 * handlers and destructors have run, what was buffered is written and every descriptor is closed,
 * so locks and ports are free. Nothing is told early where something could still happen (threads,
 * children of its own) or much memory is to be freed, nor by what ends otherwise: a signal, _exit.
 */
void mc_farewell_watch(struct mc_wire_slot *slot);
