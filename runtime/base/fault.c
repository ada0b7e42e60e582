#include "base/fault.h"

#ifdef MC_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct mc_faults *schedule(void)
{
    static struct mc_faults *mapped;
    static bool tried;
    const char *path = tried ? NULL : getenv("MOJOCELL_FAULTS");
    tried = true;
    if (path) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        void *map = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        mapped = map == MAP_FAILED ? NULL : map;
        close(fd);
    }
    return mapped;
}

static bool fires(struct mc_fault *fault)
{
    atomic_fetch_add(&fault->passed, 1);
    return atomic_load(&fault->after) > 0 && atomic_fetch_sub(&fault->after, 1) == 1;
}

bool mc_fault(const char *step)
{
    struct mc_faults *faults = schedule();
    for (int i = 0; faults && i < MC_FAULTS_MOST; i++) {
        struct mc_fault *fault = &faults->faults[i];
        if (strncmp(fault->step, step, sizeof fault->step) != 0 || !fires(fault)) {
            continue;
        }
        atomic_fetch_add(&fault->fired, 1);
        if (fault->action < 0) {
            kill(getpid(), -fault->action);
            return false; /* stopped, and went on */
        }
        errno = fault->action;
        return true;
    }
    return false;
}

#endif
