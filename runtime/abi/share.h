/* What a worker and its caller share: a memory file with this block at its start and the arguments'
 * and results' memory behind it, passed over a private socket.
 *
 * The caller writes a call and raises `request`; the worker takes it by writing the number into
 * `taken`, calls, writes the result and raises `reply` to the same number. Whoever waits spins for
 * a while and then sleeps on the word; whoever raises it wakes a sleeper. Addresses are told as
 * offsets from the start of the file. Either side may make the file larger, never smaller. Both
 * sides check what they read: the other may have gone wrong. */
#pragma once

#include "abi/thunk.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MC_SHARE_VERSION 2
#define MC_SHARE_DATA    ((uint64_t) 8192) /* where memory begins */
#define MC_SHARE_SPINS   2000
#define MC_SHARE_NOTHING UINT32_MAX /* in place of a function: a call without one */

/* TURNS: a file of mc_order_turn, of the two streams. */
enum mc_share_fds { MC_SHARE_FILE, MC_SHARE_OUT, MC_SHARE_ERR, MC_SHARE_TURNS, MC_SHARE_FDS };

/* The first message of the caller, with the descriptors above; the table stands where memory
 * begins. The worker answers with a mc_share_ready. */
struct mc_share_hello {
    uint32_t version;
    uint32_t idle_seconds;
    uint64_t table_length;
    uint32_t spins; /* of the worker; 0 where there is one processor only */
};

struct mc_share_ready {
    uint32_t version;
    uint32_t functions; /* of the table that were found: all of them, or message says which not */
    char message[256];
};

struct mc_share {
    _Atomic uint32_t request;
    _Atomic uint32_t worker_sleeps;
    char apart_1[56]; /* from the caller's words, for the processors' sake */
    _Atomic uint32_t reply;
    _Atomic uint32_t caller_sleeps;
    _Atomic uint32_t taken;
    char apart_2[52];
    _Atomic uint64_t size; /* of the file */
    uint32_t function;     /* its place in the table, or MC_SHARE_NOTHING */
    int32_t status;
    bool no_memory;      /* the result did not fit into memory */
    uint64_t printed[2]; /* bytes so far, to the two descriptors */
    uint64_t in[MC_THUNK_IN_WORDS];
    uint64_t out[MC_THUNK_OUT_WORDS];
};

_Static_assert(sizeof(struct mc_share) <= MC_SHARE_DATA, "the block has its pages");

static inline void mc_share_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* How often it is worth looking at a word before sleeping on it: as often as it was worth lately.
 */
struct mc_share_spins {
    uint32_t now, most;
};

/* Looks until *word is `value`, for a while. Whether it is. */
static inline bool
mc_share_spin(struct mc_share_spins *spins, const _Atomic uint32_t *word, uint32_t value)
{
    for (uint32_t i = 0; i < spins->now; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) == value) {
            spins->now += spins->now < spins->most ? spins->now / 8 + 1 : 0;
            return true;
        }
        mc_share_pause();
    }
    spins->now -= spins->now > 100 ? spins->now / 8 : 0;
    return false;
}

/* Sleeps while *word is `value`; -1 with errno as futex(2) has it. */
static inline int
mc_share_sleep(_Atomic uint32_t *word, uint32_t value, const struct timespec *timeout)
{
    return (int) syscall(SYS_futex, word, FUTEX_WAIT, value, timeout, NULL, 0);
}

static inline void mc_share_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Raises a word and wakes who sleeps on it. */
static inline void
mc_share_raise(_Atomic uint32_t *word, uint32_t value, const _Atomic uint32_t *sleeps)
{
    atomic_store(word, value);
    if (atomic_load(sleeps)) {
        mc_share_wake(word);
    }
}
