/* NumPy's ufuncs over Mojo's loops (abi/loop.h). */
#pragma once

#include "kernel_bridge/python/bridge.h"

/* What a ufunc has as its owner: the loops and what they are. It lives as long as the ufunc. */
extern PyType_Spec mc_bridge_loops_spec;

extern PyMethodDef mc_bridge_loops_methods[];

/* Between these two what this thread's loops work on is counted, so that a failure can say which
 * element it was of. */
void mc_loops_begin(void);
void mc_loops_end(void);
