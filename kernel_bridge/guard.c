#include "kernel_bridge/guard.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define RETRY_NS    150000
#define GIVE_UP_NS  INT64_C(1000000000) /* then the interrupt comes wherever the call is */
#define ALT_STACK   ((size_t) 64 << 10) /* others' handlers run on it as well */
#define ALT_LEAST   ((size_t) 32 << 10)
#define BELOW_STACK ((uintptr_t) 64 << 10) /* a push, a call, a red zone, a probe */
#define ABOVE_STACK ((uintptr_t) 16 << 20) /* a large frame, its far end touched first */

/* For other threads; ignored by default, so that one which comes too late does no harm. */
#define THREAD_SIGNAL SIGURG

struct frame {
    sigjmp_buf back;
    const struct mc_artifact *artifact;
    struct frame *outer;
};

/* What a thread has from its first guarded call to its end. */
struct thread {
    void *alt_stack; /* the mapping; NULL: the thread had one of its own */
    struct retry {
        timer_t timer;
        pid_t owner;      /* the process that made it: a fork has no timers */
    } retries[2];         /* of SIGINT, of the thread's own signal */
    int64_t waiting_from; /* of an interrupt; 0: none waits */
    bool overflow;
    bool damage;
    char message[1024];
};

/* initial-exec: a handler must not reach __tls_get_addr, which may allocate. */
static __thread struct frame *current __attribute__((tls_model("initial-exec")));
static __thread struct thread *self __attribute__((tls_model("initial-exec")));

static atomic_bool damaged;
static pthread_key_t thread_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t arm_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction previous[NSIG];

/* ---- the processor's state ---- */

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t) context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t) context->uc_mcontext.pc;
#else
#error "where is the program counter?"
#endif
}

static uintptr_t stack_pointer(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t) context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t) context->uc_mcontext.sp;
#endif
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- what others had installed ---- */

/* As if the signal had found no handler of ours. A fault comes again on return; what was sent is
 * sent again. */
static void take_default(int number, const siginfo_t *info, const struct sigaction *action)
{
    sigaction(number, action, NULL);
    if (info->si_code <= 0) {
        syscall(SYS_tgkill, getpid(), gettid(), number);
    }
}

static void call_handler(int number, siginfo_t *info, void *context, const struct sigaction *action)
{
    sigset_t before;
    sigset_t mask = action->sa_mask;
    if (!(action->sa_flags & SA_NODEFER)) {
        sigaddset(&mask, number);
    }
    pthread_sigmask(SIG_BLOCK, &mask, &before);
    if (action->sa_flags & SA_NODEFER) {
        sigset_t own;
        sigemptyset(&own);
        sigaddset(&own, number);
        pthread_sigmask(SIG_UNBLOCK, &own, NULL);
    }
    if (action->sa_flags & SA_SIGINFO) {
        action->sa_sigaction(number, info, context);
    } else {
        action->sa_handler(number);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void pass_on(int number, siginfo_t *info, void *context)
{
    struct sigaction action = previous[number];
    bool plain = !(action.sa_flags & SA_SIGINFO);
    bool fault = info->si_code > 0 && number != SIGINT && number != THREAD_SIGNAL;
    if (plain && action.sa_handler == SIG_IGN && !fault) {
        return;
    }
    if (plain && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)) {
        if (number != THREAD_SIGNAL) {
            take_default(number, info, &action);
        }
        return;
    }
    if (action.sa_flags & (int) SA_RESETHAND) {
        previous[number] = (struct sigaction) {.sa_handler = SIG_DFL};
    }
    call_handler(number, info, context, &action);
}

/* ---- signals ---- */

static void arm_retry(struct thread *thread, int number)
{
    struct itimerspec soon = {.it_value.tv_nsec = RETRY_NS};
    struct retry *retry = &thread->retries[number == SIGINT ? 0 : 1];
    if (retry->owner != getpid()) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number};
        event._sigev_un._tid = gettid();
        if (timer_create(CLOCK_MONOTONIC, &event, &retry->timer) < 0) {
            return;
        }
        retry->owner = getpid();
    }
    timer_settime(retry->timer, 0, &soon, NULL);
}

static bool is_main(void)
{
    return gettid() == getpid();
}

static void on_interrupt(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    struct frame *frame = current;
    if (!frame || (number == SIGINT && !is_main())) {
        if (self) {
            self->waiting_from = 0;
        }
        pass_on(number, info, context);
        errno = saved;
        return;
    }
    if (!mc_artifact_has(frame->artifact, program_counter(context))) {
        int64_t time = now();
        self->waiting_from = self->waiting_from ? self->waiting_from : time;
        if (time - self->waiting_from < GIVE_UP_NS) {
            arm_retry(self, number);
            errno = saved;
            return;
        }
        self->damage = true;
    }
    self->waiting_from = 0;
    siglongjmp(frame->back, number);
}

static bool ran_out_of_stack(int number, const siginfo_t *info, const ucontext_t *context)
{
    uintptr_t at = (uintptr_t) info->si_addr;
    uintptr_t stack = stack_pointer(context);
    return number == SIGSEGV && at >= stack - BELOW_STACK && at < stack + ABOVE_STACK;
}

/* A fault of this thread's own code, or an abort() of the C library. */
static bool is_own(int number, const siginfo_t *info)
{
    return info->si_code > 0 ||
           (number == SIGABRT && info->si_code == SI_TKILL && info->si_pid == getpid());
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    struct frame *frame = current;
    if (!frame || !is_own(number, info)) {
        pass_on(number, info, context);
        return;
    }
    self->overflow = ran_out_of_stack(number, info, context);
    self->damage = !mc_artifact_has(frame->artifact, program_counter(context));
    siglongjmp(frame->back, number);
}

/* ---- arming ---- */

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) &&
           (action->sa_sigaction == on_fault || action->sa_sigaction == on_interrupt);
}

static void arm_one(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction before;
    if (sigaction(number, NULL, &before) < 0 || is_ours(&before)) {
        return;
    }
    if (number == SIGINT && !(before.sa_flags & SA_SIGINFO) && before.sa_handler == SIG_IGN) {
        return; /* whoever ignores Ctrl-C is not to be stopped by it */
    }
    struct sigaction ours = {.sa_sigaction = handler,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | (before.sa_flags & SA_RESTART)};
    sigemptyset(&ours.sa_mask);
    previous[number] = before;
    sigaction(number, &ours, NULL);
}

static void thread_end(void *data)
{
    struct thread *thread = data;
    for (size_t i = 0; i < MC_LENGTH(thread->retries); i++) {
        if (thread->retries[i].owner == getpid()) {
            timer_delete(thread->retries[i].timer);
        }
    }
    if (thread->alt_stack) {
        sigaltstack(&(stack_t) {.ss_flags = SS_DISABLE}, NULL);
        munmap(thread->alt_stack, ALT_STACK + (size_t) sysconf(_SC_PAGESIZE));
    }
    self = NULL;
    free(thread);
}

static void make_key(void)
{
    pthread_key_create(&thread_key, thread_end);
}

void mc_guard_arm(bool interrupts)
{
    static const int faults[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGABRT};
    pthread_once(&once, make_key);
    pthread_mutex_lock(&arm_lock);
    for (size_t i = 0; i < MC_LENGTH(faults); i++) {
        arm_one(faults[i], on_fault);
    }
    arm_one(THREAD_SIGNAL, on_interrupt);
    if (interrupts) {
        arm_one(SIGINT, on_interrupt);
    }
    pthread_mutex_unlock(&arm_lock);
}

/* ---- calls ---- */

/* A stack overflow is noticed where there is no stack left: signals of this thread need another
 * one, with a page below it that nobody may touch. */
static void *make_alt_stack(void)
{
    stack_t before;
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    if (sigaltstack(NULL, &before) == 0 && !(before.ss_flags & SS_DISABLE) &&
        before.ss_size >= ALT_LEAST) {
        return NULL;
    }
    char *memory =
        mmap(NULL, ALT_STACK + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    mprotect(memory, page, PROT_NONE);
    if (sigaltstack(&(stack_t) {.ss_sp = memory + page, .ss_size = ALT_STACK}, NULL) < 0) {
        munmap(memory, ALT_STACK + page);
        return NULL;
    }
    return memory;
}

static __attribute__((noinline, cold)) bool prepare(void)
{
    pthread_once(&once, make_key);
    struct thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return false;
    }
    thread->alt_stack = make_alt_stack();
    pthread_setspecific(thread_key, thread);
    self = thread;
    return true;
}

/* Behind a jump: what the handler's return would have done, and what there is to tell. */
static __attribute__((noinline, cold)) enum mc_guard_outcome landed(int number,
                                                                    struct mc_guard_result *ret)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, number);
    pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
    if (self->damage) {
        damaged = true;
    }
    bool interrupted = number == SIGINT || number == THREAD_SIGNAL;
    *ret = (struct mc_guard_result) {.signal = number,
                                     .stack_overflow = self->overflow && !interrupted,
                                     .damaged = self->damage};
    memcpy(ret->message, self->message, sizeof ret->message);
    self->message[0] = '\0';
    self->overflow = false;
    self->damage = false;
    return interrupted ? MC_GUARD_INTERRUPTED : MC_GUARD_CRASHED;
}

enum mc_guard_outcome mc_guard_call(const struct mc_artifact *artifact,
                                    mc_thunk *thunk,
                                    const uint64_t *in,
                                    uint64_t *out,
                                    struct mc_guard_result *ret)
{
    struct frame frame;
    if (__builtin_expect(!self, 0) && !prepare()) {
        *ret = (struct mc_guard_result) {.signal = SIGKILL, .message = "out of memory"};
        return MC_GUARD_CRASHED;
    }
    frame.artifact = artifact;
    frame.outer = current;
    int number = sigsetjmp(frame.back, 0); /* 0: saving the mask would be a system call */
    if (__builtin_expect(number == 0, 1)) {
        current = &frame;
        atomic_signal_fence(memory_order_seq_cst);
        ret->status = thunk(in, out);
        atomic_signal_fence(memory_order_seq_cst);
        current = frame.outer;
        return MC_GUARD_RETURNED;
    }
    current = frame.outer;
    return landed(number, ret);
}

void mc_guard_interrupt(pid_t thread)
{
    syscall(SYS_tgkill, getpid(), thread, THREAD_SIGNAL);
}

bool mc_guard_damaged(void)
{
    return damaged;
}

bool mc_guard_take_text(const char *text)
{
    if (!current) {
        return false;
    }
    snprintf(self->message, sizeof self->message, "%s", text);
    return true;
}
