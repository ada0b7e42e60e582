/* The memory that the words of a call point to. */
#pragma once

#include "abi/kind.h"
#include "abi/signature.h"

/* mc_memory_walk over all arguments of a signature; `in` begins with the mask where there is one.
 */
int mc_memory_walk_in(const struct mc_signature *signature,
                      uint64_t *in,
                      mc_memory_each *each,
                      void *data);
