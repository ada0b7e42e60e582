/* A function of the module that reads a cell: cell_items. */
#pragma once

#include "kernel_bridge/python/bridge.h"

extern PyMethodDef mc_bridge_cell_methods[];
