/* Faults by schedule, for tests: where the system may refuse, the code asks here first whether it
 * is to refuse now. Only builds with MC_FAULTS ask at all; there MOJOCELL_FAULTS names a file,
 * struct mc_faults, that the test writes and every process of the daemon maps. */
#pragma once

#include <stdbool.h>

#ifdef MC_FAULTS

#include <stdatomic.h>
#include <stdint.h>

#define MC_FAULTS_MOST 16

struct mc_fault {
    char step[16];     /* empty: unused */
    atomic_int after;  /* passes of the step left, this one included; 1: the next one */
    int32_t action;    /* an errno; -9: kill -9 of the process that is there; -19: stop it */
    atomic_int passed; /* how often it was there */
    atomic_int fired;
};

struct mc_faults {
    struct mc_fault faults[MC_FAULTS_MOST];
};

/* Whether this pass of the step is to fail; errno says with what. */
bool mc_fault(const char *step);

#else

static inline bool mc_fault(const char *step)
{
    (void) step;
    return false;
}

#endif
