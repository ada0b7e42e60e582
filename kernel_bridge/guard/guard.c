#include "kernel_bridge/guard/guard.h"

#include "base/mem.h"
#include "kernel_bridge/guard/guard_chain.h"
#include "kernel_bridge/guard/guard_enter.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
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
#define GAP_NS      INT64_C(1000000)    /* counts at most: one that is not run does not try */
#define ALT_STACK   ((size_t) 64 << 10) /* others' handlers run on it as well */
#define ALT_LEAST   ((size_t) 32 << 10)
#define BELOW_STACK ((uintptr_t) 64 << 10) /* a push, a call, a red zone, a probe */
#define ABOVE_STACK ((uintptr_t) 16 << 20) /* a large frame, its far end touched first */

/* For other threads; ignored by default, so that one which comes too late does no harm. */
#define THREAD_SIGNAL SIGURG

/* What a thread has from its first guarded call to its end. */
struct thread {
    void *alt_stack; /* the mapping; NULL: the thread had one of its own */
    struct retry {
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
};

__thread struct mc_guard_frame *mc_guard_current MC_GUARD_TLS;
__thread bool mc_guard_ready MC_GUARD_TLS; /* there is a `self` */
static __thread struct thread *self MC_GUARD_TLS;

static atomic_bool damaged;
static pthread_key_t thread_key;
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
static bool arm_retry(struct thread *thread, int number)
{
    struct itimerspec soon = {.it_value.tv_nsec = RETRY_NS};
    struct retry *retry = &thread->retries[number == SIGINT ? 0 : 1];
    if (retry->owner != getpid()) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                                 .sigev_signo = number,
                                 .sigev_value.sival_ptr = &damaged};
        event._sigev_un._tid = gettid();
        if (timer_create(CLOCK_MONOTONIC, &event, &retry->timer) < 0) {
            return false;
        }
        retry->owner = getpid();
    }
    return timer_settime(retry->timer, 0, &soon, NULL) == 0;
}

/* Ctrl-C is the main thread's. THREAD_SIGNAL has other users (urgent data of a socket, Go), so that
 * ours carries a mark. */
static bool is_interrupt(int number, const siginfo_t *info)
{
    return number == SIGINT ? gettid() == getpid()
                            : (info->si_code == SI_QUEUE || info->si_code == SI_TIMER) &&
                                  info->si_value.sival_ptr == &damaged;
}

/* Whether the call is to be left now; otherwise the interrupt comes again. */
static bool
is_time(struct thread *thread, const struct mc_guard_frame *frame, const ucontext_t *context)
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
        if (is_time(self, frame, context)) {
            self->tried_at = 0;
            mc_guard_leave(frame, context, number);
            errno = saved;
            return;
        }
        if (arm_retry(self, number)) {
            errno = saved;
            return;
        }
    }
    if (self && !frame) {
        self->tried_at = 0;
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
    self->overflow = ran_out_of_stack(number, info, context);
    self->damage = !mc_artifact_has(frame->artifact, program_counter(context));
    self->fault_at = self->damage ? 0 : program_counter(context);
    mc_guard_leave(frame, context, number);
}

/* ---- arming ---- */

static void free_alt_stack(char *memory)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    stack_t now_set;
    if (sigaltstack(NULL, &now_set) == 0 && now_set.ss_sp == memory + page) {
        sigaltstack(&(stack_t) {.ss_flags = SS_DISABLE}, NULL);
    }
    munmap(memory, ALT_STACK + page);
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
        free_alt_stack(thread->alt_stack);
    }
    self = NULL;
    mc_guard_ready = false;
    free(thread);
}

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
    pthread_key_create(&thread_key, thread_end);
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
    mc_chain_arm(THREAD_SIGNAL, on_interrupt);
    if (interrupts) {
        mc_chain_arm(SIGINT, on_interrupt);
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

bool mc_guard_prepare(struct mc_guard_result *ret)
{
    pthread_once(&once, set_up);
    struct thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        static const struct mc_words no_memory = {.text = "out of memory"};
        *ret = (struct mc_guard_result) {.signal = SIGKILL, .words = &no_memory};
        return false;
    }
    thread->alt_stack = make_alt_stack();
    pthread_setspecific(thread_key, thread);
    self = thread;
    mc_guard_ready = true;
    return true;
}

/* What the call said, or where it was when it said nothing. */
static const struct mc_words *take_words(struct thread *thread)
{
    Dl_info info;
    memcpy(&thread->last, &thread->words, sizeof thread->last);
    if (!thread->last.text[0] && thread->fault_at &&
        dladdr((void *) thread->fault_at, &info) != 0) { // NOLINT(performance-no-int-to-ptr)
        thread->last.frames[0] = thread->fault_at - (uintptr_t) info.dli_fbase;
        thread->last.count = 1;
    }
    mc_words_clear(&thread->words);
    thread->fault_at = 0;
    return &thread->last;
}

enum mc_guard_outcome mc_guard_landed(int number, struct mc_guard_result *ret)
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
                                     .damaged = self->damage,
                                     .words = take_words(self)};
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
#if MC_GUARD_ASSEMBLY
    return mc_guard_call_inline(artifact, thunk, in, out, ret);
#else
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
#endif
}

void mc_guard_interrupt(pid_t thread)
{
    siginfo_t info = {.si_signo = THREAD_SIGNAL, .si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = &damaged;
    syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, THREAD_SIGNAL, &info);
}

bool mc_guard_damaged(void)
{
    return damaged;
}

struct mc_words *mc_guard_words(void)
{
    return mc_guard_current ? &self->words : NULL;
}
