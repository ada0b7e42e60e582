/* What stands for a compiled cell in the tests of calls: thunks (runtime/abi/thunk.h) that give
 * back what they were given, so that a test sees what arrived. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t word;

#define EXPORT      __attribute__((visibility("default")))
#define THUNK(name) EXPORT int32_t mc_call_##name(const word *in, word *out)

static long live; /* results that nobody has released */

EXPORT void mc_release(void *address)
{
    live--;
    free(address);
}

static word give(const void *bytes, size_t length)
{
    void *memory = malloc(length + 1);
    if (!memory) {
        __builtin_trap();
    }
    memcpy(memory, bytes, length);
    live++;
    return (word) (uintptr_t) memory;
}

static const void *at(word address)
{
    return address ? (const void *) (uintptr_t) address : "";
}

THUNK(live) /* () -> Int */
{
    (void) in;
    out[0] = (word) live;
    return 0;
}

THUNK(nothing) /* (…) -> None */
{
    (void) in;
    (void) out;
    return 0;
}

THUNK(echo) /* (T) -> T, of a scalar */
{
    out[0] = in[0];
    return 0;
}

THUNK(next) /* (Int) -> Int */
{
    out[0] = in[0] + 1;
    return 0;
}

THUNK(minus) /* (Int, Int) -> Int */
{
    out[0] = in[0] - in[1];
    return 0;
}

THUNK(echo_text) /* (String) -> String */
{
    out[0] = give(at(in[0]), in[1]);
    out[1] = in[1];
    return 0;
}

#define ECHO_LIST(size)                                                      \
    THUNK(echo_list_##size) /* (List[T]) -> List[T], (Span[T]) -> List[T] */ \
    {                                                                        \
        out[0] = in[1] ? give(at(in[0]), in[1] * (size)) : 0;                \
        out[1] = in[1];                                                      \
        return 0;                                                            \
    }
ECHO_LIST(1)
ECHO_LIST(2)
ECHO_LIST(4)
ECHO_LIST(8)

THUNK(where) /* (Span[T]) -> Tuple[UInt, Int]: address, count */
{
    out[0] = in[0];
    out[1] = in[1];
    return 0;
}

THUNK(sum) /* (Span[Float64]) -> Float64 */
{
    const double *items = at(in[0]);
    double sum = 0;
    for (word i = 0; i < in[1]; i++) {
        sum += items[i];
    }
    memcpy(out, &sum, sizeof sum);
    return 0;
}

THUNK(fill) /* (MutSpan[Float64], Float64) -> None */
{
    double *items = (double *) (uintptr_t) in[0];
    (void) out;
    for (word i = 0; i < in[1]; i++) {
        memcpy(&items[i], &in[2], sizeof items[i]);
    }
    return 0;
}

THUNK(echo_optional) /* (Optional[T]) -> Optional[T], of a scalar */
{
    out[0] = in[0];
    out[1] = in[1];
    return 0;
}

THUNK(optional_none) /* (T) -> Optional[T], of a scalar */
{
    (void) in;
    out[0] = 0;
    out[1] = 0;
    return 0;
}

THUNK(optional_text) /* (Optional[String]) -> Optional[String] */
{
    out[0] = in[0];
    out[1] = in[0] ? give(at(in[1]), in[2]) : 0;
    out[2] = in[0] ? in[2] : 0;
    return 0;
}

THUNK(tuple) /* (Int, Float64, String) -> Tuple[Int, Float64, String] */
{
    out[0] = in[0];
    out[1] = in[1];
    out[2] = give(at(in[2]), in[3]);
    out[3] = in[3];
    return 0;
}

THUNK(bad_text) /* () -> String */
{
    (void) in;
    out[0] = give("caf\xe9", 4);
    out[1] = 4;
    return 0;
}

THUNK(bad_pair) /* () -> Tuple[String, List[Int8], String] */
{
    (void) in;
    out[0] = give("caf\xe9", 4);
    out[1] = 4;
    out[2] = give("\1\2\3", 3);
    out[3] = 3;
    out[4] = give("fine", 4);
    out[5] = 4;
    return 0;
}

THUNK(any) /* (Int, Int) -> Any: the tag, and a word */
{
    out[0] = in[0];
    out[1] = in[1];
    out[2] = 0;
    return 0;
}

THUNK(any_text) /* (String) -> Any */
{
    out[0] = 2; /* MC_TYPE_STRING */
    out[1] = give(at(in[0]), in[1]);
    out[2] = in[1];
    return 0;
}

THUNK(masked) /* masked (Int, Int, Int) -> Tuple[UInt, Int, Int, Int] */
{
    memcpy(out, in, 4 * sizeof *in);
    return 0;
}

THUNK(raise) /* (String) raises -> None */
{
    word length = in[1] < 4096 ? in[1] : 4096;
    out[0] = in[1];
    memcpy(out + 1, at(in[0]), length);
    return 1;
}

THUNK(trap)
{
    (void) in;
    (void) out;
    __builtin_trap();
}

static __attribute__((noinline)) word deep(volatile word *n)
{
    volatile word frame[64];
    frame[n[0] % 64] = n[0];
    return deep(n) + frame[3] + n[0];
}

THUNK(deep) /* (Int) -> Int */
{
    word n = in[0];
    out[0] = deep(&n);
    return 0;
}

/* Until the flag is set, which happens where other threads may run. */
THUNK(wait) /* (MutSpan[Int64], Int) -> Bool: how many turns at most */
{
    volatile const int64_t *flag = (const int64_t *) (uintptr_t) in[0];
    for (word i = 0; i < in[2] && !*flag; i++) {
    }
    out[0] = *flag != 0;
    return 0;
}

THUNK(spin) /* (MutSpan[Int64]) -> None: says that it runs, and never ends */
{
    volatile int64_t *flag = (int64_t *) (uintptr_t) in[0];
    (void) out;
    for (;;) {
        *flag = 1;
    }
}

THUNK(damage) /* a fault outside of its own code */
{
    char *volatile nowhere = (char *) 16;
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    copy(nowhere, in, 8);
    out[0] = 0;
    return 0;
}
