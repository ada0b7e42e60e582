/* The Mojo modules that a directory holds for those who search it. */
#pragma once

#include "base/strv.h"

#include <stdbool.h>

/* Adds their names, sorted, each once: sources (NAME.mojo), packages (NAME/__init__.mojo) and what
 * is compiled (NAME.mojoc, NAME.mojopkg). Those that begin with an underscore are not for others.
 * Nothing where the directory cannot be read. */
void mc_modules_list(const char *directory, struct mc_strv *ret);

/* Whether `name`, a folder of the directory, is a package of sources. */
bool mc_modules_is_package(const char *directory, const char *name);
