/* A library's calls of a function that another one defines, led elsewhere: for that library alone,
 * which is why it needs no place in front of others. */
#pragma once

#include <stdbool.h>

/* From now on the library (of dlopen) calls `function` where it called `name`. Before anybody calls
 * anything of it. False where it wants no such function, or its memory cannot be changed. */
bool mc_rebind(void *library, const char *name, void *function);
