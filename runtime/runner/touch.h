/* Page faults ahead of time: in a fork the code of the libraries is not mapped and their data is
 * shared with the parent. A short program spends more on these faults than on what it does. */
#pragma once

#include <stddef.h>

typedef void mc_touch_function(void);

/* Copies the data of this process's libraries, as far as that is small, and maps the code of these
 * functions and of those that run at the end. */
void mc_touch(mc_touch_function *const *functions, size_t count);
