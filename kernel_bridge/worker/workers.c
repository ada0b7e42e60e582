#include "kernel_bridge/worker/workers.h"

#include "base/mem.h"
#include "base/os.h"

#include <jansson.h>

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MOST 8
#define DEFAULT_IDLE 60
#define CHECK_NS     50000000

struct mc_workers {
    struct mc_worker_plan plan;
    int most;
    pid_t owner; /* a fork has none of its parent's workers */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct mc_worker *first;
    int count; /* those being started included */
    struct mc_worker_way *calls;
};

/* ---- the set ---- */

static void reset(struct mc_workers *workers)
{
    workers->owner = getpid();
    workers->first = NULL;
    workers->count = 0;
    workers->calls = NULL;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->freed, NULL);
}

static long memory_limit(const char *text)
{
    json_t *header = json_loads(text, 0, NULL);
    double limit = json_number_value(json_object_get(json_object_get(header, "limits"), "memory"));
    json_decref(header);
    return limit < (double) LONG_MAX ? (long) limit : LONG_MAX;
}

int mc_workers_new(const struct mc_workers_options *options, struct mc_workers **ret, mc_err *err)
{
    struct mc_workers *workers = calloc(1, sizeof *workers);
    if (!workers) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    workers->most = options->most ? options->most : DEFAULT_MOST;
    workers->plan = (struct mc_worker_plan) {
        .client = options->client,
        .header = strdup(options->header),
        .table = strdup(options->table),
        .directory = strdup(options->directory ? options->directory
                                               : mc_client_runtime_dir(options->client)),
        .idle_seconds = options->idle_seconds ? options->idle_seconds : DEFAULT_IDLE,
        .memory = memory_limit(options->header),
        .silence_ns = options->silence_ns,
        .spins = mc_os_cpus() > 1 ? MC_SHARE_SPINS : 0,
    };
    reset(workers);
    if (!workers->plan.header || !workers->plan.table || !workers->plan.directory) {
        mc_workers_free(workers);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    *ret = workers;
    return 0;
}

struct mc_workers *mc_workers_free(struct mc_workers *workers)
{
    if (!workers) {
        return NULL;
    }
    for (struct mc_worker *worker = workers->owner == getpid() ? workers->first : NULL; worker;
         worker = worker->next) {
        mc_worker_kill(worker); /* all at once, and none waits for the end of another */
    }
    while (workers->owner == getpid() && workers->first) {
        struct mc_worker *worker = workers->first;
        workers->first = worker->next;
        mc_worker_end(worker);
    }
    free(workers->plan.header);
    free(workers->plan.table);
    free(workers->plan.directory);
    free(workers);
    return NULL;
}

static void unlink_worker(struct mc_workers *workers, const struct mc_worker *worker)
{
    for (struct mc_worker **link = &workers->first; *link; link = &(*link)->next) {
        if (*link == worker) {
            *link = worker->next;
            workers->count--;
            return;
        }
    }
}

/* Out of the set; others may start one in its place. */
static void drop(struct mc_workers *workers, const struct mc_worker *worker)
{
    pthread_mutex_lock(&workers->lock);
    unlink_worker(workers, worker);
    pthread_cond_signal(&workers->freed);
    pthread_mutex_unlock(&workers->lock);
}

/* With the lock: an idle one that lives, else NULL. The dead are put aside to be ended without it.
 */
static struct mc_worker *find_idle(struct mc_workers *workers, struct mc_worker **ret_dead)
{
    struct mc_worker *next;
    for (struct mc_worker *worker = workers->first; worker; worker = next) {
        next = worker->next;
        if (worker->busy) {
            continue;
        }
        if (!mc_worker_is_over(worker)) {
            worker->busy = true;
            return worker;
        }
        unlink_worker(workers, worker);
        worker->next = *ret_dead;
        *ret_dead = worker;
    }
    return NULL;
}

static int await_freed(struct mc_workers *workers, struct mc_worker_way *way, mc_err *err)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* the other one may be set back while we wait */
    until.tv_nsec += CHECK_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_clockwait(&workers->freed, &workers->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&workers->lock);
    bool stopped = mc_worker_is_stopped(way);
    pthread_mutex_lock(&workers->lock);
    return stopped ? mc_err_set(err, MC_INTERRUPTED, "interrupted") : 0;
}

static int
start(struct mc_workers *workers, struct mc_worker_way *way, struct mc_worker **ret, mc_err *err)
{
    int started = mc_worker_start(&workers->plan, mc_worker_is_stopped, way, ret, err);
    pthread_mutex_lock(&workers->lock);
    if (started < 0) {
        workers->count--;
        pthread_cond_signal(&workers->freed);
    } else {
        (*ret)->busy = true;
        (*ret)->next = workers->first;
        workers->first = *ret;
    }
    pthread_mutex_unlock(&workers->lock);
    return started;
}

static int
take(struct mc_workers *workers, struct mc_worker_way *way, struct mc_worker **ret, mc_err *err)
{
    struct mc_worker *dead = NULL;
    bool may_start = false;
    int outcome = 0;
    pthread_mutex_lock(&workers->lock);
    while (!(*ret = find_idle(workers, &dead)) && !may_start && outcome == 0) {
        may_start = workers->count < workers->most;
        if (may_start) {
            workers->count++;
        } else {
            outcome = await_freed(workers, way, err);
        }
    }
    pthread_mutex_unlock(&workers->lock);
    while (dead) {
        struct mc_worker *next = dead->next;
        mc_worker_end(dead);
        dead = next;
    }
    return outcome < 0 ? -1 : may_start ? start(workers, way, ret, err) : 0;
}

/* 1 where a new worker, 2 where one that had been idle ended before it had taken the call. */
static int call_once(struct mc_workers *workers,
                     struct mc_worker_way *way,
                     struct mc_worker_outcome *ret,
                     mc_err *err)
{
    struct mc_worker *worker = NULL;
    if (take(workers, way, &worker, err) < 0) {
        return -1;
    }
    bool is_new = worker->last == 0;
    int outcome = mc_worker_perform(worker, way, ret, err);
    if (outcome == 0 && !worker->over) {
        ret->worker = worker;
        return 0;
    }
    if (outcome == 0) {
        outcome = mc_worker_conclude(worker, way->call, ret, err);
    }
    drop(workers, worker);
    mc_worker_end(worker);
    return outcome == 1 && !is_new ? 2 : outcome;
}

/* Any number of idle workers may have ended unnoticed, with their runner for one; of new ones three
 * in a row are enough. */
static int call_until_taken(struct mc_workers *workers,
                            struct mc_worker_way *way,
                            struct mc_worker_outcome *ret,
                            mc_err *err)
{
    for (int tries = 0; tries < 3;) {
        ret->kind = MC_WORKER_RETURNED;
        ret->signal = 0;
        ret->stack_overflow = false;
        ret->limit[0] = '\0';
        ret->message[0] = '\0';
        ret->line = ret->column = 0;
        ret->module[0] = ret->library[0] = ret->inside[0] = '\0';
        ret->count = 0;
        ret->worker = NULL;
        int outcome = call_once(workers, way, ret, err);
        if (outcome <= 0) {
            return outcome;
        }
        tries += outcome == 1 ? 1 : 0;
    }
    return mc_err_set(err, MC_RUNNER_FAILED, "workers end before they take a call");
}

int mc_workers_call(struct mc_workers *workers,
                    const struct mc_worker_call *call,
                    struct mc_worker_outcome *ret,
                    mc_err *err)
{
    struct mc_worker_way way = {.call = call};
    if (workers->owner != getpid()) {
        reset(workers);
    }
    pthread_mutex_lock(&workers->lock);
    way.next = workers->calls;
    workers->calls = &way;
    pthread_mutex_unlock(&workers->lock);
    int outcome = call_until_taken(workers, &way, ret, err);
    pthread_mutex_lock(&workers->lock);
    struct mc_worker_way **link = &workers->calls;
    while (*link != &way) {
        link = &(*link)->next;
    }
    *link = way.next;
    pthread_mutex_unlock(&workers->lock);
    return outcome;
}

void mc_workers_done(struct mc_workers *workers, struct mc_worker_outcome *outcome)
{
    if (!outcome->worker) {
        return;
    }
    pthread_mutex_lock(&workers->lock);
    outcome->worker->busy = false;
    pthread_cond_signal(&workers->freed);
    pthread_mutex_unlock(&workers->lock);
    outcome->worker = NULL;
}

void mc_workers_interrupt(struct mc_workers *workers, uint64_t thread)
{
    if (workers->owner != getpid()) {
        return; /* its calls are the parent's */
    }
    pthread_mutex_lock(&workers->lock);
    for (struct mc_worker_way *way = workers->calls; way; way = way->next) {
        if (way->call->thread == thread) {
            atomic_store(&way->interrupted, true);
        }
    }
    pthread_mutex_unlock(&workers->lock);
}

int mc_workers_count(struct mc_workers *workers)
{
    if (workers->owner != getpid()) {
        return 0;
    }
    pthread_mutex_lock(&workers->lock);
    int count = 0;
    for (struct mc_worker *worker = workers->first; worker; worker = worker->next) {
        count += mc_worker_has_ended(worker) ? 0 : 1;
    }
    pthread_mutex_unlock(&workers->lock);
    return count;
}
