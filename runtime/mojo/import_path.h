/* Where the caller's own `mojo` looks for modules beside the toolchain's: packages of Mojo that pip
 * installs name their directories in MODULAR_MOJO_MAX_IMPORT_PATH. */
#pragma once

#include "base/strv.h"

/* Adds each directory of that variable in `envp`, absolute, in its order; a relative one starts at
 * `cwd`. One that is not there is left out, and one that holds a standard library: that is a
 * compiler's own, and ours has its own. */
void mc_import_path_add(char *const *envp, const char *cwd, struct mc_strv *ret_dirs);
