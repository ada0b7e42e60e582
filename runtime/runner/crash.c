#include "runner/crash.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#define ALT_STACK   (16 * 1024)
#define BELOW_STACK ((uintptr_t) 64 << 10) /* a push, a call, a red zone, a probe */
#define ABOVE_STACK ((uintptr_t) 16 << 20) /* a large frame, its far end touched first */

static struct mc_wire_slot *watched;
static uintptr_t library_base;

static struct mc_words *room(void)
{
    return &watched->words;
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

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t) context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t) context->uc_mcontext.pc;
#endif
}

/* Notes where it was, and a fault near the stack pointer, where a stack should be and is none. The
 * default action is back already (SA_RESETHAND): returning faults again, and a signal that somebody
 * sent is sent once more; either way the process dies of it as if nobody had looked. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t) info->si_addr;
    uintptr_t stack = stack_pointer(context);
    if (info->si_code <= 0) {
        kill(getpid(), number);
        return;
    }
    if (number == SIGSEGV && at >= stack - BELOW_STACK && at < stack + ABOVE_STACK) {
        watched->stack_overflow = 1;
    }
    if (!watched->words.text[0]) {
        watched->words.frames[0] = program_counter(context) - library_base;
        watched->words.count = 1;
    }
}

void mc_crash_watch(struct mc_wire_slot *slot, void *library, const char *name)
{
    static const int faults[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS};
    static char alt_stack[ALT_STACK];
    stack_t stack = {.ss_sp = alt_stack, .ss_size = sizeof alt_stack};
    struct sigaction action = {
        .sa_sigaction = on_fault,
        .sa_flags = (int) (SA_SIGINFO | SA_ONSTACK | SA_RESETHAND),
    };
    struct link_map *map;
    watched = slot;
    library_base = dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? map->l_addr : 0;
    mc_words_watch(library, room, name);
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < MC_LENGTH(faults); i++) {
        sigaction(faults[i], &action, NULL);
    }
}
