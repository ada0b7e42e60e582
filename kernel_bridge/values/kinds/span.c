/* Span, MutSpan: memory of an array, which is not copied. */
#include "kernel_bridge/values/arrays.h"
#include "kernel_bridge/values/value_kind.h"

static int
take(struct mc_conversion *conversion, const struct mc_type *type, PyObject *value, uint64_t *ret)
{
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return mc_array_refuse_list(conversion, type, value);
    }
    return mc_array_take(conversion, type, value, ret);
}

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) type;
    (void) words;
    return mc_result_unfit(result, "a Span cannot be a result: nobody keeps its memory");
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) returned;
    return mc_array_annotation(type);
}

const struct mc_value_kind mc_value_span = {.take = take, .give = give, .annotate = annotate};
