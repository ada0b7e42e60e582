/* A library's bytes. */
#include "base/symbols.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int read_name(const char *name, void *data)
{
    *(size_t *) data += strlen(name);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t total = 0;
    mc_err err;
    int outcome = mc_symbols_undefined_in(bytes, length, read_name, &total, &err);
    if (outcome > 0 || (outcome < 0 && err.code != MC_INVALID_REQUEST)) {
        abort();
    }
    return 0;
}
