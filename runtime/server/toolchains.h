/* The compilers this daemon has seen, by root directory and the state of their files: what takes
 * time to find out about one is found out once, in a child process, and everyone who needs it waits
 * for that child. */
#pragma once

#include "base/buf.h"
#include "server/core.h"
#include "server/waiter.h"

#include <jansson.h>

struct mc_toolchain;
struct mc_toolchain_hints;
struct mc_toolchain_entry;

struct mc_toolchains {
    struct mc_core *core;
    struct mc_list all; /* known, or being found out */
};

void mc_toolchains_init(struct mc_toolchains *all, struct mc_core *core);
void mc_toolchains_fini(struct mc_toolchains *all);

/* The compiler that these hints choose: *ret_root (to be freed) and *ret_how (static) say where it
 * is. Returns 0 where it is known, 1 where `waiter` will be woken; to be left in both cases. -1
 * where there is none. */
int mc_toolchains_find(struct mc_toolchains *all,
                       const struct mc_toolchain_hints *hints,
                       struct mc_waiter *waiter,
                       struct mc_toolchain_entry **ret,
                       char **ret_root,
                       const char **ret_how,
                       mc_err *err) MC_MUST_USE;

/* What was found out, valid until the daemon ends; -1 where it could not be. Not before the waiter
 * was woken. */
int mc_toolchain_entry_result(const struct mc_toolchain_entry *one,
                              const struct mc_toolchain **ret,
                              mc_err *err) MC_MUST_USE;

/* The waiter no longer waits; `one` may be gone then. */
void mc_toolchain_entry_leave(struct mc_toolchain_entry *one, struct mc_waiter *waiter);

/* Descriptions of those that are known. */
json_t *mc_toolchains_json(const struct mc_toolchains *all);

/* In the child: identifies the compiler at `root` and prints it as one JSON object. Returns an exit
 * status. */
int mc_toolchains_child(const char *root, const char *memo_dir);
