#include "runner/crash.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define ASSERT_FORMAT "At: %s:%llu:%llu: Assert Error: "
#define ALT_STACK     (16 * 1024)
#define BELOW_STACK   ((uintptr_t) 64 << 10) /* a push, a call, a red zone, a probe */
#define ABOVE_STACK   ((uintptr_t) 16 << 20) /* a large frame, its far end touched first */

static struct mc_wire_slot *watched;

int KGEN_CompilerRT_fprintf(void *file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length;
    if (watched && strncmp(format, ASSERT_FORMAT, strlen(ASSERT_FORMAT)) == 0) {
        length = vsnprintf(watched->message, sizeof watched->message, format, arguments);
    } else {
        length = vfprintf(file, format, arguments);
    }
    va_end(arguments);
    return length;
}

static uintptr_t stack_pointer(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t) context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t) context->uc_mcontext.sp;
#else
#error "where is the stack pointer?"
#endif
}

/* A fault near the stack pointer, where a stack should be and is none. The default action is back
 * already (SA_RESETHAND): returning faults again, and a signal that somebody sent is sent once
 * more; either way the process dies of it as if nobody had looked. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t) info->si_addr;
    uintptr_t stack = stack_pointer(context);
    if (info->si_code <= 0) {
        kill(getpid(), number);
        return;
    }
    if (at >= stack - BELOW_STACK && at < stack + ABOVE_STACK) {
        watched->stack_overflow = 1;
    }
}

void mc_crash_watch(struct mc_wire_slot *slot)
{
    static char alt_stack[ALT_STACK];
    stack_t stack = {.ss_sp = alt_stack, .ss_size = sizeof alt_stack};
    struct sigaction action = {
        .sa_sigaction = on_fault,
        .sa_flags = (int) (SA_SIGINFO | SA_ONSTACK | SA_RESETHAND),
    };
    watched = slot;
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
}
