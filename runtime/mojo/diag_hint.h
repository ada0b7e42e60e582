/* What to do about errors of the compiler that do not say it themselves. For diag.c and repair.c
 * alone. */
#pragma once

#include "base/buf.h"

/* Adds a hint for an error with this message at this byte (from 1) of this line of source to `ret`;
 * nothing where there is none. `before` is the line before it. None may be NULL. */
void mc_diag_hint(
    const char *message, const char *line, long column, const char *before, struct mc_buf *ret);

/* Whether `name` is a module of Mojo's standard library (as in std.<name>). */
bool mc_std_module(const char *name, size_t length);
