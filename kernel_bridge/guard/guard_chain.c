#include "kernel_bridge/guard/guard_chain.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEVELS 4

struct chain {
    _Atomic(mc_chain_handler *) handler;
    struct sigaction previous[LEVELS]; /* what was found when the level came in front */
    int used;
};

static struct chain chains[NSIG];

/* ---- entry points ---- */

static void enter_0(int number, siginfo_t *info, void *context)
{
    atomic_load (&chains[number].handler)(number, info, context, 0);
}

static void enter_1(int number, siginfo_t *info, void *context)
{
    atomic_load (&chains[number].handler)(number, info, context, 1);
}

static void enter_2(int number, siginfo_t *info, void *context)
{
    atomic_load (&chains[number].handler)(number, info, context, 2);
}

static void enter_3(int number, siginfo_t *info, void *context)
{
    atomic_load (&chains[number].handler)(number, info, context, 3);
}

static void (*const entries[LEVELS])(int, siginfo_t *, void *) = {
    enter_0, enter_1, enter_2, enter_3};

static bool is_ours(const struct sigaction *action)
{
    for (size_t i = 0; i < MC_LENGTH(entries); i++) {
        if ((action->sa_flags & SA_SIGINFO) && action->sa_sigaction == entries[i]) {
            return true;
        }
    }
    return false;
}

/* ---- arming ---- */

static bool is_plain(const struct sigaction *action, void (*handler)(int))
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == handler;
}

static bool is_same(const struct sigaction *a, const struct sigaction *b)
{
    return a->sa_flags & SA_SIGINFO
               ? (b->sa_flags & SA_SIGINFO) && a->sa_sigaction == b->sa_sigaction
               : is_plain(b, a->sa_handler);
}

/* The level that stood in front of it before, as with a handler that is installed again and again;
 * else a new one. The last serves for all that come after it. */
static int level_for(struct chain *chain, const struct sigaction *before)
{
    for (int i = 0; i < chain->used; i++) {
        if (is_same(&chain->previous[i], before)) {
            return i;
        }
    }
    chain->used += chain->used < LEVELS;
    return chain->used - 1;
}

/* A system call that a signal would not have disturbed is to go on. */
static int restarts(int number, const struct sigaction *before)
{
    bool none = is_plain(before, SIG_IGN) || is_plain(before, SIG_DFL);
    return number == SIGURG && none ? SA_RESTART : before->sa_flags & SA_RESTART;
}

void mc_chain_arm(int number, mc_chain_handler *handler)
{
    struct chain *chain = &chains[number];
    struct sigaction before;
    if (sigaction(number, NULL, &before) < 0 || is_ours(&before)) {
        return;
    }
    if (number == SIGINT && is_plain(&before, SIG_IGN)) {
        return; /* whoever ignores Ctrl-C is not to be stopped by it */
    }
    int level = level_for(chain, &before);
    struct sigaction ours = {.sa_sigaction = entries[level],
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | restarts(number, &before)};
    sigemptyset(&ours.sa_mask);
    atomic_store(&chain->handler, handler);
    const struct sigaction *known = &chain->previous[level];
    if (!is_same(known, &before) || known->sa_flags != before.sa_flags ||
        memcmp(&known->sa_mask, &before.sa_mask, sizeof before.sa_mask) != 0) {
        chain->previous[level] = before; /* else other threads may be reading it */
    }
    sigaction(number, &ours, NULL);
}

/* ---- passing on ---- */

/* As if the signal had found no handler of ours. A fault comes again on return; what was sent is
 * sent again. */
static void take_default(int number, const siginfo_t *info, const struct sigaction *action)
{
    if (number == SIGURG) {
        return;
    }
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

void mc_chain_pass_on(int number, siginfo_t *info, void *context, int level)
{
    struct sigaction *previous = &chains[number].previous[level];
    struct sigaction action = *previous;
    bool fault = info->si_code > 0 && number != SIGINT && number != SIGURG;
    if (is_plain(&action, SIG_IGN) && !fault) {
        return;
    }
    if (is_plain(&action, SIG_DFL) || is_plain(&action, SIG_IGN)) {
        take_default(number, info, &action);
        return;
    }
    if (action.sa_flags & (int) SA_RESETHAND) {
        *previous = (struct sigaction) {.sa_handler = SIG_DFL};
    }
    call_handler(number, info, context, &action);
}
