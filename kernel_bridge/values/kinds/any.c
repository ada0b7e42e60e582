/* Any, of a result alone: what its tag says. */
#include "abi/kind.h"
#include "kernel_bridge/values/value_kind.h"
#include "kernel_bridge/values/values.h"

static PyObject *give(struct mc_result *result, const struct mc_type *type, const uint64_t *words)
{
    struct mc_any inner;
    (void) type;
    if (mc_type_of_any(words[0], &inner) < 0) {
        return mc_result_unfit(result, "the value is of a type that Python has none for");
    }
    return mc_convert_out(result, &inner.type, words + 1);
}

static PyObject *annotate(const struct mc_type *type, bool returned)
{
    (void) type;
    (void) returned;
    PyObject *typing = PyImport_ImportModule("typing");
    PyObject *any = typing ? PyObject_GetAttrString(typing, "Any") : NULL;
    Py_XDECREF(typing);
    return any;
}

const struct mc_value_kind mc_value_any = {.give = give, .annotate = annotate};
