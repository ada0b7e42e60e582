/* None: no words. */
#include "abi/kind.h"

const struct mc_kind mc_kind_none = {.name = "None"};
