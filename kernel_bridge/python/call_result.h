/* What a call gives, wherever it was. */
#pragma once

#include "kernel_bridge/python/failure.h"

/* `release` as in mc_result. */
static inline PyObject *mc_call_result(const struct mc_function *self,
                                       const struct mc_overload *overload,
                                       int32_t status,
                                       const uint64_t *out,
                                       mc_release_thunk *release)
{
    if (__builtin_expect(status != MC_THUNK_RETURNED, 0)) {
        mc_fail_raised(self, out);
        return NULL;
    }
    struct mc_result result = {.numpy = &self->bridge->numpy, .release = release};
    PyObject *value = mc_convert_out_fast(&result, &overload->abi.result, out);
    if (__builtin_expect(!value && result.unfit, 0)) {
        mc_fail_return(self);
    }
    return value;
}
