/* What of the standard library does the same to a SIMD value as to each of its elements. */
#pragma once

#include "abi/type.h"
#include "base/strv.h"
#include "mojo/cell_parts.h"

/* What stands below the cell: lines that import names of other modules, and these, by name and
 * text. All borrowed. */
struct mc_lift_below {
    const char *imports;
    const struct mc_strv *names;
    const struct mc_strv *texts;
};

/* Whether the token names one of its functions there, and nothing else that the cell or what it
 * uses has. */
bool mc_lift_is_function(const struct mc_cell *cell,
                         const struct mc_lift_below *below,
                         const struct mc_token *token);

/* Whether that does so for the type: for others it is computed in another way. */
bool mc_lift_function_takes(const struct mc_tokens *tokens,
                            const struct mc_token *token,
                            enum mc_scalar scalar);

/* The same of numbers: pi, e, tau. */
bool mc_lift_is_constant(const struct mc_cell *cell,
                         const struct mc_lift_below *below,
                         const struct mc_token *token);

/* Whether it is the name of such a method; `cast` is none of these, as it takes a type. */
bool mc_lift_is_method(const struct mc_tokens *tokens, const struct mc_token *token);
