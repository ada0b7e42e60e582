/* How a compiled function is called for many elements. A loop is called as a thunk is (thunk.h):
 *
 *   status = loop(in, out)
 *
 * `in` has the words of enum mc_loop_word, then an address and a stride in bytes for each argument
 * and for each result: of the first element, and from each element to the next. Elements have the
 * bytes of their type; a Bool is true where its byte is not 0. Memory of results may be that of
 * arguments where both have the same address and stride; any other overlap, and a result without a
 * stride, asks for one element after the other.
 *
 * `out` has a word more than a thunk's, which tells the element that is being worked on; it means
 * something where a loop has raised or crashed. What was raised lies before it, as a thunk's. */
#pragma once

#include "abi/thunk.h"

#define MC_LOOP_PREFIX "mc_loop_"

enum mc_loop_word {
    MC_LOOP_COUNT,    /* of elements */
    MC_LOOP_TOGETHER, /* 0: one after the other */
    MC_LOOP_OPERANDS, /* here the addresses and strides begin */
};

#define MC_LOOP_ELEMENT   MC_THUNK_OUT_WORDS
#define MC_LOOP_OUT_WORDS (MC_THUNK_OUT_WORDS + 1)
#define MC_LOOP_MOST      32 /* arguments and results: as many as NumPy has operands */
#define MC_LOOP_IN_WORDS  (MC_LOOP_OPERANDS + 2 * MC_LOOP_MOST)
