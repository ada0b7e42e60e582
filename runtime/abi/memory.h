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

/* The elements one behind the other at `to`, where there is room for them: the dimension whose
 * elements are closest together comes last, so that an array in Fortran's order stays in it. The
 * words tell the new distances then. */
void mc_memory_pack(const struct mc_memory *memory, char *to);

/* The other way: from there to where the words tell. */
void mc_memory_unpack(const struct mc_memory *memory, const char *from);
