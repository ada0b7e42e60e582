/* Functions of the module that read the words of a crash: crash_words, crash_place, crash_tell. */
#pragma once

#include "kernel_bridge/python/bridge.h"

extern PyMethodDef mc_bridge_crash_methods[];
