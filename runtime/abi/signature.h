/* Types and the signatures made of them in one text form:
 *
 *   signature = ["masked "] "(" [type {", " type}] ")" ["raises "] "-> " type
 *   type      = scalar | "String" | "None"
 *             | ("Span" | "MutSpan" | "List") "[" scalar "]" | "List[String]"
 *             | ("NDSpan" | "MutNDSpan" | "NDArray") "[DType." dtype ", " rank "]"
 *             | "Optional" "[" type "]" | "Tuple" "[" type {", " type} "]"
 *             | "Dict" "[" key ", " value "]" | "Any"
 *             | "Record" "[" module "." name {", " field ": " type} "]" | "Records" "[" record "]"
 *   scalar    = a name of MC_SCALARS (type.h); dtype: the same in lower case
 *   rank      = "1" … "4"
 *
 * as in `(Int, MutSpan[Float64]) raises -> Tuple[Int, String]`. */
#pragma once

#include "abi/type.h"
#include "base/err.h"

#include <stddef.h>

struct mc_signature {
    struct mc_type *args;
    size_t n_args;
    struct mc_type result;
    bool masked;
    bool raises;
    size_t in_words; /* the mask included */
};

#define MC_SIGNATURE_INIT ((struct mc_signature) {0})
#define mc_autosignature  __attribute__((cleanup(mc_signature_fini))) struct mc_signature

/* INVALID_REQUEST where the text is no signature, or one with more arguments or words than thunk.h
 * allows; *ret is empty then. */
int mc_signature_parse(const char *text, struct mc_signature *ret, mc_err *err) MC_MUST_USE;
void mc_signature_fini(struct mc_signature *signature);

/* A type by itself, as above; for mc_type_fini. */
int mc_type_parse(const char *text, struct mc_type *ret, mc_err *err) MC_MUST_USE;
