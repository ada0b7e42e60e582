/* Compiled artifacts loaded into this process. They stay loaded: a call may be under way in any
 * thread, and what a function returned may still point into them. */
#pragma once

#include "abi/thunk.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mc_artifact_spec {
    const char *path;             /* absolute; the artifact of one key has one path forever */
    const char *const *libraries; /* of the Mojo runtime, absolute, NULL-terminated */
    const char *identity;         /* of that runtime */
    const char *name;             /* what the source is called in what it prints; NULL: "cell" */
};

struct mc_text { /* executable memory: from low up to but not including high */
    uintptr_t low, high;
};

#define MC_ARTIFACT_TEXTS 4

struct mc_artifact {
    char *path;
    void *handle;
    struct mc_text texts[MC_ARTIFACT_TEXTS]; /* unused ones are empty */
    mc_release_thunk *release;               /* NULL: no result needs it */
    struct mc_artifact *next;
};

/* Loads the artifact, and before the first one the runtime it was built for. The same path gives
 * the same artifact; one without libraries needs no runtime. RUNTIME_CONFLICT where the process has
 * another Mojo runtime already: two in one process are one, silently. IO where a library does not
 * load. Any thread. */
int mc_artifact_open(const struct mc_artifact_spec *spec,
                     struct mc_artifact **ret,
                     mc_err *err) MC_MUST_USE;

/* NULL where the artifact does not export it. */
mc_thunk *mc_artifact_thunk(const struct mc_artifact *artifact, const char *symbol);

static inline bool mc_artifact_has(const struct mc_artifact *artifact, uintptr_t pc)
{
    for (size_t i = 0; i < MC_ARTIFACT_TEXTS; i++) {
        if (pc >= artifact->texts[i].low && pc < artifact->texts[i].high) {
            return true;
        }
    }
    return false;
}

/* Why the artifact's functions should not be called in this process, from the symbols it wants:
 * they could end it, start threads, or hold what a call that is cut short would never give back.
 * Writes a reason and returns 1; 0 where they can be called; -1 where the file cannot be read. */
int mc_artifact_unguardable(const char *path, char *ret_reason, size_t size, mc_err *err);
