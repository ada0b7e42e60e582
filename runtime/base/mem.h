/* Cleanup variables: `mc_autofree char *s = …;` frees at the end of the scope, `mc_take(&s)` hands
 * it on. */
#pragma once

#include "base/fault.h"

#include <stdlib.h>
#include <unistd.h>

static inline void mc_cleanup_free(void *p)
{
    free(*(void **) p);
}

static inline void mc_cleanup_close(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

#define mc_autofree  __attribute__((cleanup(mc_cleanup_free)))
#define mc_autoclose __attribute__((cleanup(mc_cleanup_close)))

/* The pointer in *p, which becomes NULL. */
#define mc_take(p)                        \
    ({                                    \
        __typeof__(*(p)) mc_taken = *(p); \
        *(p) = NULL;                      \
        mc_taken;                         \
    })

/* The descriptor in *fd, which becomes -1. */
static inline int mc_take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* A zeroed object, or NULL. */
#define mc_new(type) ((type *) (mc_fault("memory") ? NULL : calloc(1, sizeof(type))))

#define MC_LENGTH(array) (sizeof(array) / sizeof(array)[0])
