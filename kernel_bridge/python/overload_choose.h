/* Which overload a call means. */
#pragma once

#include "kernel_bridge/python/overload.h"

/* The words for the overload whose types are closest to the arguments of a vectorcall; for the
 * first of those that are equally close. NULL with an exception. */
const struct mc_overload *mc_overload_choose(const struct mc_overload *overloads,
                                             size_t count,
                                             struct mc_conversion *conversion,
                                             const struct mc_arguments *given,
                                             uint64_t *ret_in);
