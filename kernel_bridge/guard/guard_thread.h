/* What a thread knows of its guarded calls: the one that is under way, how the last one ended, what
 * a crash said. Its signal handlers (guard.c) write it, and whoever called reads it. */
#pragma once

#include "abi/input.h"
#include "abi/words.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct mc_artifact;

/* For other threads; ignored by default, so that one which comes too late does no harm. */
#define MC_GUARD_SIGNAL SIGURG

enum mc_guard_outcome {
    MC_GUARD_RETURNED,    /* status: what the thunk returned */
    MC_GUARD_CRASHED,     /* the rest */
    MC_GUARD_INTERRUPTED, /* by SIGINT, or by mc_guard_interrupt; `damaged` as after a crash */
};

struct mc_guard_result {
    int32_t status;
    int signal;
    bool stack_overflow;
    bool damaged;                 /* this process should call nothing of the kind any more */
    const struct mc_words *words; /* of a crash; until the thread's next one */
};

/* MC_GUARD_PORTABLE: without a line of assembly, also where there could be. */
#if defined(__x86_64__) && !defined(MC_GUARD_PORTABLE)
#define MC_GUARD_ASSEMBLY 1
#else
#define MC_GUARD_ASSEMBLY 0
#endif

/* Where a call is left to. */
struct mc_way_back {
#if MC_GUARD_ASSEMBLY
    uintptr_t stack;
#else
    sigjmp_buf jump;
#endif
};

/* A guarded call that is under way in this thread. */
struct mc_guard_frame {
    struct mc_way_back back;
    const struct mc_artifact *artifact;
    struct mc_guard_frame *outer;
};

/* What a thread has from its first guarded call to its end. */
struct mc_guard_thread {
    void *alt_stack; /* the mapping; NULL: the thread had one of its own */
    struct mc_guard_retry {
        timer_t timer;
        pid_t owner;  /* the process that made it: a fork has no timers */
    } retries[2];     /* of SIGINT, of the thread's own signal */
    int64_t tried_at; /* an interrupt waits since then; 0: none does */
    int64_t waited;   /* the gaps between its tries */
    bool overflow;
    bool damage;
    uintptr_t fault_at;    /* where the processor was in the artifact; 0: elsewhere */
    struct mc_words words; /* of the call that is under way */
    struct mc_words last;  /* of the last crash */
    struct mc_buf kept;    /* what it has printed and nobody has shown */
    bool kept_is_stderr;
    struct mc_buf line;        /* the last one that was read of standard input */
    struct mc_input_line left; /* what nobody has taken of it */
    bool silent;               /* what it prints is not shown any more */
    bool outside;              /* shows what was printed: a call is under way, and it is in none */
    int at_once;               /* prints that may be shown at once */
    int64_t shown_at;          /* when they were counted last */
};

/* initial-exec: a handler must not reach __tls_get_addr, which may allocate. */
#define MC_GUARD_TLS __attribute__((tls_model("initial-exec")))

extern __thread struct mc_guard_frame *mc_guard_current MC_GUARD_TLS; /* NULL: none */
extern __thread bool mc_guard_ready MC_GUARD_TLS;
extern __thread struct mc_guard_thread *mc_guard_self MC_GUARD_TLS; /* where it is ready */

/* Before the first call of a thread: its self, its alternate stack. False, with *ret, where there
 * is no memory. */
bool mc_guard_prepare(struct mc_guard_result *ret) __attribute__((cold));

/* Behind a jump: what the handler's return would have done, and what there is to tell. */
enum mc_guard_outcome mc_guard_landed(int number, struct mc_guard_result *ret)
    __attribute__((cold));

/* Whether a crash or an interrupt left something undone that the process may need: from then on
 * functions should be called in another process. Never false again. */
bool mc_guard_damaged(void);

/* For mc_words_watch: the words of the guarded call that this thread is in; NULL: it is in none. */
struct mc_words *mc_guard_words(void);
