#include "kernel_bridge/guard/guard.h"

#include "base/mem.h"
#include "kernel_bridge/guard/guard_chain.h"
#include "kernel_bridge/guard/guard_enter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define RETRY_NS    150000
#define GIVE_UP_NS  INT64_C(1000000000)    /* then the interrupt comes wherever the call is */
#define GAP_NS      INT64_C(1000000)       /* counts at most: one that is not run does not try */
#define BELOW_STACK ((uintptr_t) 64 << 10) /* a push, a call, a red zone, a probe */
#define ABOVE_STACK ((uintptr_t) 16 << 20) /* a large frame, its far end touched first */

static char mark; /* of the interrupts that are ours */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t arm_lock = PTHREAD_MUTEX_INITIALIZER;

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

/* ---- signals ---- */

/* Sends the signal once more in a while. */
static bool arm_retry(struct mc_guard_thread *thread, int number)
{
    struct itimerspec soon = {.it_value.tv_nsec = RETRY_NS};
    struct mc_guard_retry *retry = &thread->retries[number == SIGINT ? 0 : 1];
    if (retry->owner != getpid()) {
        struct sigevent event = {
            .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number, .sigev_value.sival_ptr = &mark};
        event._sigev_un._tid = gettid();
        if (timer_create(CLOCK_MONOTONIC, &event, &retry->timer) < 0) {
            return false;
        }
        retry->owner = getpid();
    }
    return timer_settime(retry->timer, 0, &soon, NULL) == 0;
}

/* Ctrl-C is the main thread's. MC_GUARD_SIGNAL has other users (urgent data of a socket, Go), so
 * that ours carries a mark. */
static bool is_interrupt(int number, const siginfo_t *info)
{
    return number == SIGINT ? gettid() == getpid()
                            : (info->si_code == SI_QUEUE || info->si_code == SI_TIMER) &&
                                  info->si_value.sival_ptr == &mark;
}

/* Whether the call is to be left now; otherwise the interrupt comes again. */
static bool is_time(struct mc_guard_thread *thread,
                    const struct mc_guard_frame *frame,
                    const ucontext_t *context)
{
    if (mc_artifact_has(frame->artifact, program_counter(context))) {
        return true;
    }
    int64_t time = now();
    int64_t gap = time - thread->tried_at;
    thread->waited = thread->tried_at ? thread->waited + (gap < GAP_NS ? gap : GAP_NS) : 0;
    thread->tried_at = time;
    thread->damage = thread->waited >= GIVE_UP_NS;
    return thread->damage;
}

static void on_interrupt(int number, siginfo_t *info, void *context, int level)
{
    int saved = errno;
    struct mc_guard_frame *frame = mc_guard_current;
    bool wanted = is_interrupt(number, info);
    if (frame && wanted) {
        if (is_time(mc_guard_self, frame, context)) {
            mc_guard_self->tried_at = 0;
            mc_guard_leave(frame, context, number);
            errno = saved;
            return;
        }
        if (arm_retry(mc_guard_self, number)) {
            errno = saved;
            return;
        }
    }
    if (mc_guard_self && !frame) {
        mc_guard_self->tried_at = 0;
        if (mc_guard_self->outside && wanted && number != SIGINT) {
            arm_retry(mc_guard_self, number); /* for the call that it goes back to */
        }
    }
    if (number == SIGINT || !wanted) { /* what came too late for its call is nobody else's */
        mc_chain_pass_on(number, info, context, level);
    }
    errno = saved;
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

static void on_fault(int number, siginfo_t *info, void *context, int level)
{
    struct mc_guard_frame *frame = mc_guard_current;
    if (!frame || !is_own(number, info)) {
        mc_chain_pass_on(number, info, context, level);
        return;
    }
    mc_guard_self->overflow = ran_out_of_stack(number, info, context);
    mc_guard_self->damage = !mc_artifact_has(frame->artifact, program_counter(context));
    mc_guard_self->fault_at = mc_guard_self->damage ? 0 : program_counter(context);
    mc_guard_leave(frame, context, number);
}

/* ---- arming ---- */

static void before_fork(void)
{
    pthread_mutex_lock(&arm_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&arm_lock);
}

static void set_up(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

void mc_guard_arm(bool interrupts)
{
    static const int faults[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGABRT};
    pthread_once(&once, set_up);
    pthread_mutex_lock(&arm_lock);
    for (size_t i = 0; i < MC_LENGTH(faults); i++) {
        mc_chain_arm(faults[i], on_fault);
    }
    mc_chain_arm(MC_GUARD_SIGNAL, on_interrupt);
    if (interrupts) {
        mc_chain_arm(SIGINT, on_interrupt);
    }
    pthread_mutex_unlock(&arm_lock);
}

/* ---- calls ---- */

enum mc_guard_outcome mc_guard_call(const struct mc_artifact *artifact,
                                    mc_thunk *thunk,
                                    const uint64_t *in,
                                    uint64_t *out,
                                    struct mc_guard_result *ret)
{
    return mc_guard_call_inline(artifact, thunk, in, out, ret);
}

void mc_guard_calm(void)
{
    const struct mc_guard_retry *retry = &mc_guard_self->retries[1];
    mc_guard_self->tried_at = 0;
    if (retry->owner == getpid()) {
        timer_settime(retry->timer, 0, &(struct itimerspec) {0}, NULL);
    }
}

void mc_guard_interrupt(pid_t thread)
{
    siginfo_t info = {.si_signo = MC_GUARD_SIGNAL, .si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = &mark;
    syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, MC_GUARD_SIGNAL, &info);
}
