/* Elements that Mojo cannot read where they are, in one run of memory that stays for a call. */
#pragma once

#include "kernel_bridge/values/array.h"

/* Why the elements of an array of the right type cannot be read, or written, where they are: a
 * text for a message, or NULL where they can. */
const char *mc_array_obstacle(const struct mc_type *type, const struct mc_array *array);

/* A copy in C's order, which is counted and, where it is worth it, told. NULL with an exception. */
const char *mc_array_copy(struct mc_conversion *conversion,
                          const struct mc_type *type,
                          const struct mc_array *array);

/* Counts a copy of so many bytes that was made for the call. -1 with an exception. */
int mc_array_tell(struct mc_conversion *conversion,
                  const struct mc_type *type,
                  const struct mc_array *array,
                  size_t bytes,
                  const char *why);
