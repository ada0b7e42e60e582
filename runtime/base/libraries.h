/* Shared libraries of one directory and which of them need which, read without loading them. */
#pragma once

#include "base/strv.h"

/* Adds the path of the library `name` of the directory, after those of the same directory that it
 * needs and that are not listed yet: the order in which each can be loaded by its path. What the
 * directory does not have is the system's, and passed over; so is a file that is no 64-bit library.
 */
int mc_libraries_add(const char *directory, const char *name, struct mc_strv *ret, mc_err *err)
    MC_MUST_USE;

/* Adds the names of all that the directory has, the smallest first. */
int mc_libraries_list(const char *directory, struct mc_strv *ret, mc_err *err) MC_MUST_USE;
