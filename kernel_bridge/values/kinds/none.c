/* None, of a result alone. */
#include "kernel_bridge/values/value_kind.h"

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    (void) result;
    (void) type;
    (void) words;
    Py_RETURN_NONE;
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    (void) returned;
    Py_RETURN_NONE;
}

const struct mc_value_kind mc_value_none = {.give = give, .annotate = annotate};
