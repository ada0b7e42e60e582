#include "abi/type.h"

#include <stdlib.h>

const struct mc_scalar_info mc_scalars[MC_SCALAR_COUNT] = {
#define MC_SCALAR_INFO(name, text, size, kind) [MC_##name] = {text, size, kind},
    MC_SCALARS(MC_SCALAR_INFO)
#undef MC_SCALAR_INFO
};

void mc_type_fini(struct mc_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        mc_type_fini(&type->items[i]);
    }
    free(type->items);
    *type = (struct mc_type) {0};
}
