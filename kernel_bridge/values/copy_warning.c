#include "kernel_bridge/values/copy_warning.h"

int mc_copies_note(const struct mc_conversion *conversion,
                   size_t bytes,
                   const char *why,
                   const char *line)
{
    struct mc_copies *copies = conversion->copies;
    if (!copies || conversion->trying) {
        return 0;
    }
    copies->count++;
    copies->bytes += bytes;
    if (!why || conversion->copies_anyway) {
        return 0;
    }
    return PyErr_WarnFormat(copies->warning,
                            1,
                            "argument '%s' of %s: %s, so that each call copies them; to copy them "
                            "once, pass %s",
                            conversion->argument,
                            conversion->function,
                            why,
                            line);
}
