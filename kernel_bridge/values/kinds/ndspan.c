/* NDSpan, MutNDSpan: memory of an array of so many dimensions, at whatever distances its elements
 * are. What Mojo writes to is never a copy. */
#include "kernel_bridge/values/array_argument.h"
#include "kernel_bridge/values/array_refuse.h"
#include "kernel_bridge/values/value_kind.h"

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    struct mc_array array;
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return mc_array_refuse_sequence(conversion, type, value);
    }
    int found = mc_array_find(conversion, type, value, &array);
    if (found <= 0) {
        return found < 0 ? -1 : mc_refuse_type(conversion, type, value);
    }
    return mc_array_take(conversion, type, &array, ret);
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) type;
    (void) words;
    return mc_result_unfit(result, "an NDSpan cannot be a result: nobody keeps its memory");
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) returned;
    return mc_array_annotation(type);
}

const struct mc_value_kind mc_value_ndspan = {.take = take, .give = give, .annotate = annotate};
