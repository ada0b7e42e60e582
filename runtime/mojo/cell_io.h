/* What a cell of statements takes from its caller and gives back: names with their types, and names
 * of its variables. */
#pragma once

#include "abi/type.h"
#include "base/err.h"

#include <jansson.h>

struct mc_cell_input {
    char *name;
    struct mc_type type;
};

struct mc_cell_io {
    struct mc_cell_input *inputs;
    size_t n_inputs;
    char **outputs;
    size_t n_outputs;
};

/* Reads `inputs` ([{name, type}], types as abi/signature.h writes an argument's) and `outputs`
 * ([name]) of a request; NULL is none of them. INVALID_REQUEST names what is wrong. *ret is to be
 * finished in any case. */
int mc_cell_io_read(const json_t *inputs,
                    const json_t *outputs,
                    struct mc_cell_io *ret,
                    mc_err *err) MC_MUST_USE;
void mc_cell_io_fini(struct mc_cell_io *io);

/* Whether there is anything at all. */
bool mc_cell_io_any(const struct mc_cell_io *io);
