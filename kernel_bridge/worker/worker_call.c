#include "kernel_bridge/worker/worker_call.h"

#include "abi/order.h"
#include "abi/share_memory.h"
#include "base/os.h"
#include "proc/limits.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_OUTPUT ((int64_t) 64 << 20)
#define CHECK_NS       50000000
#define PRINTED_ENOUGH ((uint64_t) 4 << 20) /* then the file of what was printed begins anew */

int mc_worker_is_stopped(void *arg)
{
    const struct mc_worker_way *way = arg;
    const struct mc_worker_call *call = way->call;
    return atomic_load(&way->interrupted) || (call->check && call->check(call->arg));
}

/* ---- arguments ---- */

struct copying {
    struct mc_worker *worker;
    uint64_t at; /* offset of the next byte */
};

static int copy_in(const struct mc_memory *memory, void *data)
{
    struct copying *copying = data;
    uint64_t bytes = memory->count * memory->size;
    mc_memory_pack(memory, (char *) copying->worker->share + copying->at);
    *memory->address = copying->at;
    copying->at += mc_share_align(bytes);
    return 0;
}

static int copy_back(const struct mc_memory *memory, void *data)
{
    struct copying *copying = data;
    uint64_t bytes = memory->count * memory->size;
    if (memory->writable) {
        mc_memory_unpack(memory, (const char *) copying->worker->share + copying->at);
    }
    copying->at += mc_share_align(bytes);
    return 0;
}

static int put_arguments(struct mc_worker *worker, const struct mc_worker_call *call, mc_err *err)
{
    uint64_t in[MC_THUNK_IN_WORDS];
    size_t size = call->signature->in_words * sizeof *in;
    uint64_t bytes = 0;
    memcpy(in, call->in, size);
    mc_memory_walk_in(call->signature, in, mc_share_add_bytes, &bytes);
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
        if (mc_type_is_writable(&call->signature->args[i])) {
            memcpy(in, call->in, call->signature->in_words * sizeof *in);
            mc_memory_walk_in(call->signature, in, copy_back, &copying);
            return;
        }
    }
}

/* ---- results ---- */

static int take_result(struct mc_worker *worker,
                       const struct mc_worker_call *call,
                       struct mc_worker_outcome *ret,
                       mc_err *err)
{
    const struct mc_type *type = &call->signature->result;
    if (mc_worker_follow(worker, err) < 0) {
        return -1;
    }
    struct mc_share *share = worker->share;
    struct mc_share_mapping mapping = {share, worker->mapped};
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
    if (mc_memory_walk(type, call->out, mc_share_to_address, &mapping) < 0) {
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

static void
print_up_to(struct mc_worker *worker, int stream, uint64_t end, const struct mc_worker_call *call)
{
    char bytes[16384];
    uint64_t *at = &worker->printed[stream];
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

/* What was written before each turn that is noted by now. */
static void print_turns(struct mc_worker *worker, const struct mc_worker_call *call)
{
    struct mc_order_turn turns[512];
    uint64_t end = size_of(worker->turns);
    while (worker->taken < end) {
        ssize_t n = pread(worker->turns, turns, sizeof turns, (off_t) worker->taken);
        for (ssize_t i = 0; i < n / (ssize_t) sizeof *turns; i++) {
            print_up_to(worker, turns[i].stream, turns[i].position, call);
        }
        if (n <= 0) {
            return;
        }
        worker->taken += (uint64_t) n;
    }
}

/* What is there now: who prints faster than it is read is not to keep its limits from being looked
 * at. Of what is there before the turns are looked at, all turns are noted. */
static void print_all(struct mc_worker *worker, const struct mc_worker_call *call)
{
    const uint64_t ends[] = {size_of(worker->prints[0]), size_of(worker->prints[1])};
    print_turns(worker, call);
    print_up_to(worker, 0, ends[0], call);
    print_up_to(worker, 1, ends[1], call);
}

static void begin_anew(int file, uint64_t *at)
{
    if (*at > PRINTED_ENOUGH && ftruncate(file, 0) == 0) {
        lseek(file, 0, SEEK_SET);
        *at = 0;
    }
}

/* Between two calls, when nobody writes. */
static void print_rest(struct mc_worker *worker, const struct mc_worker_call *call)
{
    uint64_t *told = worker->share->printed;
    if (told[0] == worker->printed[0] && told[1] == worker->printed[1]) {
        return;
    }
    print_all(worker, call);
    begin_anew(worker->turns, &worker->taken);
    for (int i = 0; i < 2; i++) {
        begin_anew(worker->prints[i], &worker->printed[i]);
        told[i] = worker->printed[i];
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
                      struct mc_worker_way *way,
                      int64_t began,
                      double cpu_before,
                      struct mc_worker_outcome *ret)
{
    const struct mc_worker_call *call = way->call;
    int64_t most = call->output ? call->output : DEFAULT_OUTPUT;
    print_all(worker, call);
    if (mc_worker_is_stopped(way)) {
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
                        struct mc_worker_way *way,
                        uint32_t wanted,
                        struct mc_worker_outcome *ret)
{
    if (mc_share_spin(&worker->spins, &worker->share->reply, wanted)) {
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

int mc_worker_perform(struct mc_worker *worker,
                      struct mc_worker_way *way,
                      struct mc_worker_outcome *ret,
                      mc_err *err)
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

int mc_worker_conclude(struct mc_worker *worker,
                       const struct mc_worker_call *call,
                       struct mc_worker_outcome *ret,
                       mc_err *err)
{
    mc_worker_kill(worker);
    print_all(worker, call);
    int outcome = ret->kind == MC_WORKER_RETURNED ? mc_worker_explain(worker, ret, err) : 0;
    if (outcome == 0 && ret->kind == MC_WORKER_CRASHED) {
        tell_memory(worker, ret);
    }
    return outcome;
}
