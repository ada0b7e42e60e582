#include "server/compilation_turns.h"

#include "base/os.h"
#include "server/compilation_round.h"
#include "server/compilation_state.h"
#include "server/compilation_user.h"

enum { NICE_AHEAD = 19 };

enum state { GOING, HELD, QUEUED, STATE_COUNT };

/* Nobody waits for it, and perhaps nobody ever will. */
static bool is_ahead(enum mc_urgency urgency)
{
    return urgency >= MC_URGENCY_SPECULATION;
}

static enum state state_of(const struct mc_compilation *compilation)
{
    if (!compilation->started_at) {
        return QUEUED;
    }
    return compilation->compiler.held ? HELD : GOING;
}

/* Its users come and go; what a notebook that was opened may need is left what others leave. */
static void set_urgency(struct mc_compilation *compilation)
{
    enum mc_urgency urgency = MC_URGENCY_COUNT;
    MC_LIST_EACH(&compilation->waiters, struct mc_compilation_user, user, waiter.node)
    {
        urgency = user->urgency < urgency ? user->urgency : urgency;
    }
    bool begun_ahead = compilation->started_at && is_ahead(compilation->urgency);
    compilation->core->counters.promoted += begun_ahead && !is_ahead(urgency);
    compilation->urgency = urgency;
    int nice = urgency == MC_URGENCY_PREFETCH ? NICE_AHEAD : 0;
    if (!mc_compiler_set_nice(&compilation->compiler, nice)) {
        /* Where other programs are at work it might never end. */
        mc_compiler_give_up(&compilation->compiler);
        compilation->started_at = 0;
    }
}

struct turns {
    int going;
    int ahead; /* begun, and nobody waits for them */
    bool asked;
};

static struct turns look(struct mc_compilations *all)
{
    struct turns turns = {0};
    MC_LIST_EACH(&all->all, struct mc_compilation, one, node)
    {
        set_urgency(one);
        turns.asked |= !is_ahead(one->urgency);
        turns.ahead += one->started_at && is_ahead(one->urgency);
    }
    return turns;
}

static bool may_go(const struct mc_compilations *all,
                   const struct turns *turns,
                   const struct mc_compilation *one)
{
    bool fits = turns->going < all->most;
    if (is_ahead(one->urgency)) {
        fits &= !turns->asked && (one->started_at || turns->ahead < all->most_ahead);
    }
    return fits;
}

static void
take_turn(const struct mc_compilations *all, struct turns *turns, struct mc_compilation *one)
{
    bool goes = may_go(all, turns, one);
    if (one->started_at) {
        mc_compiler_hold(&one->compiler, !goes);
    } else if (goes) {
        mc_compilation_start(one);
        turns->ahead += !one->over && is_ahead(one->urgency);
    }
    turns->going += goes && !one->over;
}

/* Of those that are as urgent as this: one that goes keeps its turn, one that has begun is before
 * one that has not. */
static void take_turns_of(struct mc_compilations *all, struct turns *turns, enum mc_urgency urgency)
{
    for (enum state state = GOING; state < STATE_COUNT; state++) {
        MC_LIST_EACH(&all->all, struct mc_compilation, one, node)
        {
            if (one->urgency == urgency && state_of(one) == state) {
                take_turn(all, turns, one);
            }
        }
    }
}

static void take_turns(struct mc_task *task)
{
    struct mc_compilations *all = task->owner;
    struct turns turns = look(all);
    for (enum mc_urgency urgency = MC_URGENCY_FOREGROUND; urgency < MC_URGENCY_COUNT; urgency++) {
        take_turns_of(all, &turns, urgency);
    }
}

static int at_least_one(int64_t number)
{
    return number > 1 ? (int) number : 1;
}

void mc_compilations_init(struct mc_compilations *all, struct mc_core *core)
{
    static const int64_t COMPILER_MEMORY = 400LL << 20;
    int64_t by_memory = mc_os_memory() / COMPILER_MEMORY;
    int cpus = mc_os_cpus();
    *all = (struct mc_compilations) {.core = core, .turns = {.go = take_turns, .owner = all}};
    all->most = at_least_one(by_memory < cpus ? by_memory : cpus);
    all->most_ahead = at_least_one(by_memory < 2LL * cpus ? by_memory - all->most : cpus);
    mc_list_init(&all->all);
}
