/* How a compiled function is called. Every function that can be called from outside has a thunk
 * in its artifact; whoever calls it (the kernel itself, a worker) does it in the same way:
 *
 *   status = thunk(in, out)
 *
 * `in` holds the arguments, flattened to words in the order of the signature, after one word more
 * where the signature is masked (signature.h): bit i of it says that argument i was given. `out`
 * has room for MC_THUNK_OUT_WORDS and receives the result, or the text of what the function raised.
 *
 * The words of a type are told at the head of its file in abi/kinds: one for a number, address and
 * count for what has memory.
 *
 * A block is the number of what is in it, then that: a word each of numbers, of a String its length
 * and its UTF-8 bytes, filled up to whole words.
 *
 * The address of something empty may be 0, but for a block. Arguments are only read during the
 * call, a MutSpan's elements also written. The memory of a String or List in a result belongs to
 * the caller, which gives each address that is not 0 to the artifact's release thunk. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int32_t mc_thunk(const uint64_t *in, uint64_t *out);
typedef void mc_release_thunk(void *address);

enum mc_thunk_status {
    MC_THUNK_RETURNED = 0,
    MC_THUNK_RAISED = 1, /* out[0]: length of the error's text; from out[1] on its first bytes, at
                            most MC_THUNK_ERROR_MAX, without a NUL */
};

#define MC_THUNK_ERROR_MAX 4096
#define MC_THUNK_OUT_WORDS (1 + MC_THUNK_ERROR_MAX / sizeof(uint64_t))
#define MC_THUNK_IN_WORDS  128 /* at most, the mask included */
#define MC_THUNK_MAX_ARGS  32

/* Names in the artifact. Thunks are mc_call_0, mc_call_1, …: the function table tells which. */
#define MC_THUNK_PREFIX  "mc_call_"
#define MC_THUNK_RUN     "mc_call_run" /* of a cell that takes and gives variables */
#define MC_THUNK_RELEASE "mc_release"  /* exported where a result needs it */

/* How many bytes of a raised error's text there are in `out`: all, or as many as fit without half a
 * character. */
static inline size_t mc_thunk_error_length(const uint64_t *out)
{
    const unsigned char *text = (const unsigned char *) (out + 1);
    size_t length = MC_THUNK_ERROR_MAX;
    if (out[0] <= length) {
        return (size_t) out[0];
    }
    while (length > 0 && (text[length - 1] & 0xc0) == 0x80) {
        length--;
    }
    return length > 0 && text[length - 1] >= 0xc0 ? length - 1 : length;
}
