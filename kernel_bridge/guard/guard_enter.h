/* The call of a thunk that a signal handler can end. */
#pragma once

#include "abi/thunk.h"
#include "kernel_bridge/guard/guard_thread.h"

#include <stdint.h>
#include <ucontext.h>

#if MC_GUARD_ASSEMBLY

struct mc_entered {
    int64_t status; /* the thunk's, in its lower half */
    int64_t number; /* of the signal whose handler has left the call, or 0 */
};

/* Calls the thunk; *current is `frame` from shortly before, until the caller resets it. sigsetjmp
 * would do the same at three times the price. (A shadow stack would notice: where the system gives
 * one to this process, a call that is left ends it.) */
struct mc_entered mc_guard_enter(const uint64_t *in,
                                 uint64_t *out,
                                 mc_thunk *thunk,
                                 struct mc_guard_frame *frame,
                                 struct mc_guard_frame **current);

/* Where mc_guard_enter goes on. */
extern const char mc_guard_left[] __attribute__((visibility("hidden")));

#define MC_DIRECTION_FLAG UINT64_C(0x400)
#define MC_STICKY_FLAGS   0x3fU

/* In the handler, for which `context` is: its return leaves the call, and gives the signal mask
 * back. How the thread rounds, and whether it takes denormal numbers for zero, is as it was; the
 * sticky flags of exceptions stay out, and nothing is left on the x87's stack. */
static inline void mc_guard_leave(struct mc_guard_frame *frame, void *context, int number)
{
    mcontext_t *state = &((ucontext_t *) context)->uc_mcontext;
    state->gregs[REG_RIP] = (greg_t) mc_guard_left;
    state->gregs[REG_RSP] = (greg_t) frame->back.stack;
    state->gregs[REG_RDX] = number;
    state->gregs[REG_EFL] &= (greg_t) ~MC_DIRECTION_FLAG;
    if (state->fpregs) {
        state->fpregs->mxcsr &= ~MC_STICKY_FLAGS;
        state->fpregs->swd = 0;
        state->fpregs->ftw = 0;
    }
}

/* mc_guard_call (guard.h), where a nanosecond counts. */
static inline __attribute__((always_inline)) enum mc_guard_outcome
mc_guard_call_inline(const struct mc_artifact *artifact,
                     mc_thunk *thunk,
                     const uint64_t *in,
                     uint64_t *out,
                     struct mc_guard_result *ret)
{
    struct mc_guard_frame frame;
    if (__builtin_expect(!mc_guard_ready, 0) && !mc_guard_prepare(ret)) {
        return MC_GUARD_CRASHED;
    }
    frame.artifact = artifact;
    frame.outer = mc_guard_current;
    struct mc_entered entered = mc_guard_enter(in, out, thunk, &frame, &mc_guard_current);
    mc_guard_current = frame.outer;
    if (__builtin_expect(entered.number == 0, 1)) {
        ret->status = (int32_t) entered.status;
        return MC_GUARD_RETURNED;
    }
    return mc_guard_landed((int) entered.number, ret);
}

#else

enum mc_guard_outcome mc_guard_call_inline(const struct mc_artifact *artifact,
                                           mc_thunk *thunk,
                                           const uint64_t *in,
                                           uint64_t *out,
                                           struct mc_guard_result *ret);

/* What the kernel does on the way into a handler and its return would have undone: how the thread
 * rounds, and whether it takes denormal numbers for zero. The sticky flags of exceptions stay out.
 */
static inline void mc_guard_restore_arithmetic(const ucontext_t *context)
{
#if defined(__x86_64__)
    if (context->uc_mcontext.fpregs) {
        unsigned mxcsr = context->uc_mcontext.fpregs->mxcsr & ~0x3fU;
        unsigned short control = context->uc_mcontext.fpregs->cwd;
        __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control));
    }
#else
    (void) context; /* FPCR is left alone */
#endif
}

static inline void mc_guard_leave(struct mc_guard_frame *frame, void *context, int number)
{
    mc_guard_restore_arithmetic(context);
    siglongjmp(frame->back.jump, number);
}

#endif
