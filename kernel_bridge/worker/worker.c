#include "kernel_bridge/worker/worker.h"

#include "abi/memory.h"
#include "abi/share.h"
#include "base/mem.h"
#include "base/os.h"
#include "kernel_bridge/worker/worker_process.h"
#include "proc/limits.h"

#include <jansson.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DEFAULT_OUTPUT ((int64_t) 64 << 20)
#define DEFAULT_MOST   8
#define DEFAULT_IDLE   60
#define CHECK_NS       50000000
#define PRINTED_ENOUGH ((uint64_t) 4 << 20) /* then the file of what was printed begins anew */

struct mc_workers {
    struct mc_worker_plan plan;
    int most;
    pid_t owner; /* a fork has none of its parent's workers */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct mc_worker *first;
    int count; /* those being started included */
    struct under_way *calls;
};

/* A call from its beginning to its end, also while it waits for a worker. */
struct under_way {
    struct under_way *next;
    const struct mc_worker_call *call;
    atomic_bool interrupted;
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

/* Whether its caller has lost interest. */
static int is_stopped(void *arg)
{
    const struct under_way *way = arg;
    const struct mc_worker_call *call = way->call;
    return atomic_load(&way->interrupted) || (call->check && call->check(call->arg));
}

static int await_freed(struct mc_workers *workers, struct under_way *way, mc_err *err)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* the other one may be set back while we wait */
    until.tv_nsec += CHECK_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_clockwait(&workers->freed, &workers->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&workers->lock);
    bool stopped = is_stopped(way);
    pthread_mutex_lock(&workers->lock);
    return stopped ? mc_err_set(err, MC_INTERRUPTED, "interrupted") : 0;
}

static int
start(struct mc_workers *workers, struct under_way *way, struct mc_worker **ret, mc_err *err)
{
    int started = mc_worker_start(&workers->plan, is_stopped, way, ret, err);
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
take(struct mc_workers *workers, struct under_way *way, struct mc_worker **ret, mc_err *err)
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

/* ---- arguments ---- */

struct copying {
    struct mc_worker *worker;
    uint64_t at; /* offset of the next byte */
};

static uint64_t align(uint64_t offset)
{
    return (offset + 63) & ~(uint64_t) 63;
}

static int add_bytes(const struct mc_memory *memory, void *data)
{
    uint64_t *sum = data;
    *sum += align(memory->count * memory->size);
    return 0;
}

static int copy_in(const struct mc_memory *memory, void *data)
{
    struct copying *copying = data;
    uint64_t bytes = memory->count * memory->size;
    memcpy((char *) copying->worker->share + copying->at,
           (const void *) (uintptr_t) *memory->address,
           bytes);
    *memory->address = copying->at;
    copying->at += align(bytes);
    return 0;
}

static int copy_back(const struct mc_memory *memory, void *data)
{
    struct copying *copying = data;
    uint64_t bytes = memory->count * memory->size;
    if (memory->writable) {
        memcpy((void *) (uintptr_t) *memory->address,
               (const char *) copying->worker->share + copying->at,
               bytes);
    }
    copying->at += align(bytes);
    return 0;
}

static int put_arguments(struct mc_worker *worker, const struct mc_worker_call *call, mc_err *err)
{
    uint64_t in[MC_THUNK_IN_WORDS];
    size_t size = call->signature->in_words * sizeof *in;
    uint64_t bytes = 0;
    memcpy(in, call->in, size);
    mc_memory_walk_in(call->signature, in, add_bytes, &bytes);
    if (bytes > 0) {
        struct copying copying = {worker, MC_SHARE_DATA};
        if (mc_worker_grow(worker, MC_SHARE_DATA + bytes, err) < 0) {
            return -1;
        }
        mc_memory_walk_in(call->signature, in, copy_in, &copying);
    }
    memcpy(worker->share->in, in, size);
    return 0;
}

static void take_arguments_back(struct mc_worker *worker, const struct mc_worker_call *call)
{
    uint64_t in[MC_THUNK_IN_WORDS];
    struct copying copying = {worker, MC_SHARE_DATA};
    for (size_t i = 0; i < call->signature->n_args; i++) {
        if (call->signature->args[i].writable ||
            call->signature->args[i].kind == MC_TYPE_OPTIONAL) {
            memcpy(in, call->in, call->signature->in_words * sizeof *in);
            mc_memory_walk_in(call->signature, in, copy_back, &copying);
            return;
        }
    }
}

/* ---- results ---- */

static int to_address(const struct mc_memory *memory, void *data)
{
    const struct mc_worker *worker = data;
    uint64_t bytes;
    if (__builtin_mul_overflow(memory->count, memory->size, &bytes) ||
        *memory->address < MC_SHARE_DATA || *memory->address > worker->mapped ||
        bytes > worker->mapped - *memory->address) {
        return -1;
    }
    *memory->address += (uint64_t) (uintptr_t) worker->share;
    return 0;
}

static int take_result(struct mc_worker *worker,
                       const struct mc_worker_call *call,
                       struct mc_worker_outcome *ret,
                       mc_err *err)
{
    const struct mc_type *type = &call->signature->result;
    if (mc_worker_follow(worker, err) < 0) {
        return -1;
    }
    const struct mc_share *share = worker->share;
    take_arguments_back(worker, call); /* also of one that raised, as far as it had come */
    ret->kind = MC_WORKER_RETURNED;
    ret->status = share->status;
    if (share->status != MC_THUNK_RETURNED) {
        memcpy(call->out, share->out, sizeof share->out);
        return 0;
    }
    if (share->no_memory) {
        return mc_err_set(err, MC_NO_MEMORY, "no memory for the result of the function");
    }
    memcpy(call->out, share->out, type->words * sizeof *call->out);
    if (mc_memory_walk(type, call->out, to_address, worker) < 0) {
        return mc_err_set(err, MC_INTERNAL, "the worker's result lies outside of its memory");
    }
    return 0;
}

/* ---- what it prints ---- */

static uint64_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? (uint64_t) st.st_size : 0;
}

/* What is there now: who prints faster than it is read is not to keep its limits from being looked
 * at. */
static void print_from(struct mc_worker *worker, int stream, const struct mc_worker_call *call)
{
    char bytes[16384];
    uint64_t *at = &worker->printed[stream];
    uint64_t end = size_of(worker->prints[stream]);
    while (*at < end) {
        size_t most = end - *at < sizeof bytes ? end - *at : sizeof bytes;
        ssize_t n = pread(worker->prints[stream], bytes, most, (off_t) *at);
        if (n <= 0) {
            return;
        }
        *at += (uint64_t) n;
        worker->printed_in_call += n;
        worker->told_memory = mc_limits_text_tells_memory(bytes, (size_t) n);
        if (call->print) {
            call->print(call->arg, stream == 1, bytes, (size_t) n);
        }
    }
}

static void print_all(struct mc_worker *worker, const struct mc_worker_call *call)
{
    print_from(worker, 0, call);
    print_from(worker, 1, call);
}

/* Between two calls, when nobody writes. */
static void print_rest(struct mc_worker *worker, const struct mc_worker_call *call)
{
    for (int i = 0; i < 2; i++) {
        if (worker->share->printed[i] != worker->printed[i]) {
            print_from(worker, i, call);
        }
        if (worker->printed[i] > PRINTED_ENOUGH && ftruncate(worker->prints[i], 0) == 0) {
            lseek(worker->prints[i], 0, SEEK_SET);
            worker->printed[i] = 0;
            worker->share->printed[i] = 0;
        }
    }
}

/* ---- a call ---- */

__attribute__((format(printf, 3, 4))) static void
stop_for(struct mc_worker_outcome *ret, const char *limit, const char *format, ...)
{
    va_list arguments;
    ret->kind = MC_WORKER_LIMIT;
    snprintf(ret->limit, sizeof ret->limit, "%s", limit);
    va_start(arguments, format);
    vsnprintf(ret->message, sizeof ret->message, format, arguments);
    va_end(arguments);
}

static double cpu_of(const struct mc_worker *worker)
{
    struct timespec time;
    return clock_gettime(worker->cpu, &time) == 0
               ? (double) time.tv_sec + (double) time.tv_nsec / 1e9
               : 0;
}

/* Whether the call goes on. */
static bool may_go_on(struct mc_worker *worker,
                      struct under_way *way,
                      int64_t began,
                      double cpu_before,
                      struct mc_worker_outcome *ret)
{
    const struct mc_worker_call *call = way->call;
    int64_t most = call->output ? call->output : DEFAULT_OUTPUT;
    print_all(worker, call);
    if (is_stopped(way)) {
        ret->kind = MC_WORKER_INTERRUPTED;
        return false;
    }
    if (call->wall > 0 && (double) (mc_os_now() - began) / 1e9 > call->wall) {
        stop_for(ret, "wall", "the call was stopped after %g s", call->wall);
        return false;
    }
    if (call->cpu > 0 && cpu_of(worker) - cpu_before > call->cpu) {
        stop_for(ret, "cpu", "the call used more than %g s of processor time", call->cpu);
        return false;
    }
    if (worker->printed_in_call > most) {
        stop_for(ret, "output", "the call printed more than %lld bytes", (long long) most);
        return false;
    }
    return true;
}

static bool spin(struct mc_worker *worker, uint32_t wanted)
{
    for (uint32_t i = 0; i < worker->spins; i++) {
        if (atomic_load_explicit(&worker->share->reply, memory_order_acquire) == wanted) {
            worker->spins += worker->spins < worker->most_spins ? worker->spins / 8 + 1 : 0;
            return true;
        }
        mc_share_pause();
    }
    worker->spins -= worker->spins > 100 ? worker->spins / 8 : 0;
    return false;
}

/* The sleeps get longer: a crash is noticed after an eighth of the call's time, 50 ms at most; a
 * signal ends a sleep at once. */
static struct timespec next_sleep(int64_t began)
{
    int64_t ns = (mc_os_now() - began) / 8;
    ns = ns < 1000000 ? 1000000 : ns > CHECK_NS ? CHECK_NS : ns;
    return (struct timespec) {.tv_nsec = ns};
}

/* Waits for the reply. Returns false where none will come, or none is waited for any more; then
 * ret->kind says why, MC_WORKER_RETURNED for a worker that ended. */
static bool await_reply(struct mc_worker *worker,
                        struct under_way *way,
                        uint32_t wanted,
                        struct mc_worker_outcome *ret)
{
    if (spin(worker, wanted)) {
        return true;
    }
    int64_t began = mc_os_now();
    double cpu_before = way->call->cpu > 0 ? cpu_of(worker) : 0;
    int64_t looked = began;
    bool goes_on = true;
    atomic_store(&worker->share->caller_sleeps, 1);
    while (goes_on && atomic_load(&worker->share->reply) != wanted) {
        struct timespec sleep = next_sleep(began);
        int woken = mc_share_sleep(&worker->share->reply, wanted - 1, &sleep);
        bool signal = woken < 0 && errno == EINTR;
        if (atomic_load(&worker->share->reply) == wanted) {
            break;
        }
        if (mc_worker_has_ended(worker)) {
            goes_on = false;
        } else if (signal || atomic_load(&way->interrupted) || mc_os_now() - looked >= CHECK_NS) {
            looked = mc_os_now();
            goes_on = may_go_on(worker, way, began, cpu_before, ret);
        }
    }
    atomic_store(&worker->share->caller_sleeps, 0);
    return goes_on;
}

/* 1 where the worker ended before it had taken the call: another one may. */
static int
perform(struct mc_worker *worker, struct under_way *way, struct mc_worker_outcome *ret, mc_err *err)
{
    const struct mc_worker_call *call = way->call;
    long function = call->symbol ? mc_worker_find(worker, call->symbol) : MC_SHARE_NOTHING;
    if (function < 0) {
        return mc_err_set(err, MC_INTERNAL, "the worker has no function %s", call->symbol);
    }
    if (put_arguments(worker, call, err) < 0) {
        return -1;
    }
    uint32_t wanted = ++worker->last;
    worker->printed_in_call = 0;
    worker->share->function = (uint32_t) function;
    mc_share_raise(&worker->share->request, wanted, &worker->share->worker_sleeps);
    if (await_reply(worker, way, wanted, ret)) {
        print_rest(worker, call);
        return take_result(worker, call, ret, err);
    }
    if (ret->kind == MC_WORKER_RETURNED && atomic_load(&worker->share->taken) != wanted) {
        return 1;
    }
    worker->over = true;
    return 0;
}

/* The allocator says so and crashes; the daemon, which does not see what workers print, knows of
 * the crash alone. */
static void tell_memory(const struct mc_worker *worker, struct mc_worker_outcome *ret)
{
    bool told =
        worker->told_memory || mc_limits_text_tells_memory(ret->message, strlen(ret->message));
    if (told && worker->plan->memory > 0) {
        stop_for(ret, "memory", "the call wanted more than %ld MB of memory", worker->plan->memory);
    }
}

/* 1 where a new worker, 2 where one that had been idle ended before it had taken the call. */
static int call_once(struct mc_workers *workers,
                     struct under_way *way,
                     struct mc_worker_outcome *ret,
                     mc_err *err)
{
    struct mc_worker *worker = NULL;
    if (take(workers, way, &worker, err) < 0) {
        return -1;
    }
    bool is_new = worker->last == 0;
    int outcome = perform(worker, way, ret, err);
    if (outcome == 0 && !worker->over) {
        ret->worker = worker;
        return 0;
    }
    if (outcome == 0) {
        mc_worker_kill(worker);
        print_all(worker, way->call);
        outcome = ret->kind == MC_WORKER_RETURNED ? mc_worker_explain(worker, ret, err) : 0;
        if (outcome == 0 && ret->kind == MC_WORKER_CRASHED) {
            tell_memory(worker, ret);
        }
    }
    drop(workers, worker);
    mc_worker_end(worker);
    return outcome == 1 && !is_new ? 2 : outcome;
}

/* Any number of idle workers may have ended unnoticed, with their runner for one; of new ones three
 * in a row are enough. */
static int call_until_taken(struct mc_workers *workers,
                            struct under_way *way,
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
    struct under_way way = {.call = call};
    if (workers->owner != getpid()) {
        reset(workers);
    }
    pthread_mutex_lock(&workers->lock);
    way.next = workers->calls;
    workers->calls = &way;
    pthread_mutex_unlock(&workers->lock);
    int outcome = call_until_taken(workers, &way, ret, err);
    pthread_mutex_lock(&workers->lock);
    struct under_way **link = &workers->calls;
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
    for (struct under_way *way = workers->calls; way; way = way->next) {
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
