/* What a function's `map` is. */
#pragma once

#include "kernel_bridge/python/bridge.h"

extern PyType_Spec mc_bridge_map_spec;
