/* NDArray: an array of NumPy's comes out, over the memory of Mojo's; without NumPy, lists of lists.
 */
#include "kernel_bridge/values/array_argument.h"
#include "kernel_bridge/values/array_result.h"
#include "kernel_bridge/values/value_kind.h"

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    Py_ssize_t shape[MC_RANK_MAX];
    for (unsigned i = 0; i < type->rank; i++) {
        shape[i] = (Py_ssize_t) words[1 + i];
    }
    return mc_array_give(result, type->scalar, words[0], type->rank, shape);
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) returned;
    return mc_array_annotation(type);
}

const struct mc_value_kind mc_value_ndarray = {.give = give, .annotate = annotate};
