#include "kernel_bridge/guard/guard_enter.h"

#if MC_GUARD_ASSEMBLY

_Static_assert(offsetof(struct mc_guard_frame, back.stack) == 0, "as the code below has it");

/* What a function has to give back as it was lies on the stack, so that it does not matter in what
 * state the call is left: the stack pointer is enough. `number` is in %rdx, as the ABI has it for
 * the second half of what is returned. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl mc_guard_enter\n"
        ".hidden mc_guard_enter\n"
        ".type mc_guard_enter, @function\n"
        "mc_guard_enter:\n"
        ".cfi_startproc\n"
        "    pushq %rbp\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %rbp, 0\n"
        "    pushq %rbx\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %rbx, 0\n"
        "    pushq %r12\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %r12, 0\n"
        "    pushq %r13\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %r13, 0\n"
        "    pushq %r14\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %r14, 0\n"
        "    pushq %r15\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %r15, 0\n"
        "    subq $8, %rsp\n" /* calls are made with 16 bytes' alignment */
        ".cfi_adjust_cfa_offset 8\n"
        "    movq %rsp, (%rcx)\n"
        "    movq %rcx, (%r8)\n"
        "    call *%rdx\n"
        "    xorl %edx, %edx\n"
        ".globl mc_guard_left\n"
        ".hidden mc_guard_left\n"
        "mc_guard_left:\n"
        "    addq $8, %rsp\n"
        ".cfi_adjust_cfa_offset -8\n"
        "    popq %r15\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore %r15\n"
        "    popq %r14\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore %r14\n"
        "    popq %r13\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore %r13\n"
        "    popq %r12\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore %r12\n"
        "    popq %rbx\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore %rbx\n"
        "    popq %rbp\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore %rbp\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size mc_guard_enter, .-mc_guard_enter\n");

#else

#include <stdatomic.h>

enum mc_guard_outcome mc_guard_call_inline(const struct mc_artifact *artifact,
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
    int number = sigsetjmp(frame.back.jump, 0); /* 0: saving the mask would be a system call */
    if (__builtin_expect(number == 0, 1)) {
        mc_guard_current = &frame;
        atomic_signal_fence(memory_order_seq_cst);
        ret->status = thunk(in, out);
        atomic_signal_fence(memory_order_seq_cst);
        mc_guard_current = frame.outer;
        return MC_GUARD_RETURNED;
    }
    mc_guard_current = frame.outer;
    return mc_guard_landed(number, ret);
}

#endif
