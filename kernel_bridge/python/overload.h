/* One way to call a function: an entry of the function table (docs/protocol.md), ready for use. An
 * overloaded function has several. */
#pragma once

#include "abi/signature.h"
#include "kernel_bridge/values/values.h"

enum mc_parameter_kind { MC_PARAMETER_ANY, MC_PARAMETER_POSITIONAL, MC_PARAMETER_KEYWORD };

struct mc_parameter {
    PyObject *name;   /* interned */
    const char *text; /* the same, borrowed */
    enum mc_parameter_kind kind;
    bool optional;           /* it may be left out */
    bool has_default;        /* the words below are passed then; else its bit in the mask is 0 */
    uint64_t *default_words; /* as many as the type has; zeros without a default */
};

struct mc_overload {
    struct mc_signature abi;
    struct mc_parameter *parameters; /* abi.n_args */
    size_t n_positional;             /* that can be passed without a name; they come first */
    char *symbol;                    /* NULL: of a rehearsal */
    PyObject *text;                  /* the signature as its source has it */
    struct mc_held defaults;
    mc_thunk *thunk; /* NULL: not in this process */
};

/* Reads an entry. -1 with an exception; *ret is empty then. */
int mc_overload_init(struct mc_overload *ret,
                     PyObject *entry,
                     const char *function,
                     struct mc_numpy *numpy);
void mc_overload_fini(struct mc_overload *overload);

/* Of a vectorcall. */
struct mc_arguments {
    PyObject *const *args;
    size_t count;    /* of those without a name; those with one follow */
    PyObject *names; /* a tuple, or NULL */
};

/* The words of the arguments, sorted into slots for the parameters: borrowed, NULL where there is
 * none. -1 with an exception: a TypeError in CPython's words, or as mc_convert_in. */
int mc_overload_words(const struct mc_overload *overload,
                      struct mc_conversion *conversion,
                      const struct mc_arguments *given,
                      PyObject **ret_slots,
                      uint64_t *ret_in);

/* The same from slots. */
int mc_overload_convert(const struct mc_overload *overload,
                        struct mc_conversion *conversion,
                        PyObject *const *slots,
                        uint64_t *ret_in);
