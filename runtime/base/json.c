#include "base/json.h"

#include "base/fault.h"

#include <stdlib.h>

static _Thread_local bool refused;

void *mc_json_malloc(size_t size)
{
    void *bytes = mc_fault("json") ? NULL : malloc(size);
    refused |= !bytes;
    return bytes;
}

bool mc_json_refused(void)
{
    bool was = refused;
    refused = false;
    return was;
}
