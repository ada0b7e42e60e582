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
    static const enum mc_symbols_kind kinds[] = {
        MC_SYMBOLS_UNDEFINED, MC_SYMBOLS_NEEDED, MC_SYMBOLS_DEFINED};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t total = 0;
        mc_err err;
        int outcome = mc_symbols_walk_in(bytes, length, kinds[i], read_name, &total, &err);
        if (outcome > 0 || (outcome < 0 && err.code != MC_INVALID_REQUEST)) {
            abort();
        }
    }
    size_t total = 0;
    mc_err err;
    const uint64_t addresses[] = {0, 0x1000, length};
    int outcome = mc_symbols_functions_in(bytes, length, addresses, 3, read_name, &total, &err);
    if (outcome > 0 || (outcome < 0 && err.code != MC_INVALID_REQUEST)) {
        abort();
    }
    outcome = mc_symbols_acts_in(bytes, length, &err);
    if (outcome > 1 || (outcome < 0 && err.code != MC_INVALID_REQUEST)) {
        abort();
    }
    return 0;
}
