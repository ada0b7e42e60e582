#include "kernel_bridge/guard/guard_thread.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALT_STACK ((size_t) 64 << 10) /* others' handlers run on it as well */
#define ALT_LEAST ((size_t) 32 << 10)

__thread struct mc_guard_frame *mc_guard_current MC_GUARD_TLS;
__thread bool mc_guard_ready MC_GUARD_TLS;
__thread struct mc_guard_thread *mc_guard_self MC_GUARD_TLS;

static atomic_bool damaged;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- its beginning and end ---- */

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
    struct mc_guard_thread *thread = data;
    for (size_t i = 0; i < MC_LENGTH(thread->retries); i++) {
        if (thread->retries[i].owner == getpid()) {
            timer_delete(thread->retries[i].timer);
        }
    }
    if (thread->alt_stack) {
        free_alt_stack(thread->alt_stack);
    }
    mc_buf_fini(&thread->kept);
    mc_buf_fini(&thread->line);
    mc_guard_self = NULL;
    mc_guard_ready = false;
    free(thread);
}

static void make_key(void)
{
    pthread_key_create(&key, thread_end);
}

bool mc_guard_prepare(struct mc_guard_result *ret)
{
    pthread_once(&once, make_key);
    struct mc_guard_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        static const struct mc_words no_memory = {.text = "out of memory"};
        *ret = (struct mc_guard_result) {.signal = SIGKILL, .words = &no_memory};
        return false;
    }
    thread->alt_stack = make_alt_stack();
    pthread_setspecific(key, thread);
    mc_guard_self = thread;
    mc_guard_ready = true;
    return true;
}

/* ---- how a call ended ---- */

/* What the call said, or where it was when it said nothing. */
static const struct mc_words *take_words(struct mc_guard_thread *thread)
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
    if (mc_guard_self->damage) {
        damaged = true;
    }
    bool interrupted = number == SIGINT || number == MC_GUARD_SIGNAL;
    *ret = (struct mc_guard_result) {.signal = number,
                                     .stack_overflow = mc_guard_self->overflow && !interrupted,
                                     .damaged = mc_guard_self->damage,
                                     .words = take_words(mc_guard_self)};
    mc_guard_self->overflow = false;
    mc_guard_self->damage = false;
    return interrupted ? MC_GUARD_INTERRUPTED : MC_GUARD_CRASHED;
}

bool mc_guard_damaged(void)
{
    return damaged;
}

struct mc_words *mc_guard_words(void)
{
    return mc_guard_current ? &mc_guard_self->words : NULL;
}
