/* The formatter of a compiler's package (mblack), on one source in a private directory. */
#pragma once

#include "base/buf.h"
#include "server/core.h"
#include "server/waiter.h"

struct mc_formatter;
struct mc_toolchain;

/* Starts it; the waiter is woken when it has ended. `envp` is the caller's environment, on whose
 * PATH it may be. *ret is to be freed. NOT_FOUND where there is none. */
int mc_formatter_start(struct mc_core *core,
                       const struct mc_toolchain *toolchain,
                       char *const *envp,
                       const struct mc_buf *source,
                       int64_t patience,
                       struct mc_waiter *waiter,
                       struct mc_formatter **ret,
                       mc_err *err) MC_MUST_USE;

/* What it made of the source. INVALID_CELL where it cannot read that. Not before the waiter was
 * woken. */
int mc_formatter_result(const struct mc_formatter *formatter,
                        struct mc_buf *ret,
                        mc_err *err) MC_MUST_USE;

/* Ends one that still works. NULL is fine; returns NULL. */
struct mc_formatter *mc_formatter_free(struct mc_formatter *formatter);
