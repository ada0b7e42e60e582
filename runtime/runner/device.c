#include "runner/device.h"

#include "base/symbols.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ASYNC_PREFIX "KGEN_CompilerRT_AsyncRT_"

/* Of the Mojo runtime, found by name because there may be none. */
typedef void *current_device(void);
typedef void any_function(void);
typedef void *
get_or_create_global(const char *name, size_t length, any_function *create, any_function *destroy);

static int is_async(const char *name, void *data)
{
    (void) data;
    return strncmp(name, ASYNC_PREFIX, strlen(ASYNC_PREFIX)) == 0;
}

bool mc_device_wanted(const char *artifact)
{
    mc_err ignored;
    return mc_symbols_undefined(artifact, is_async, NULL, &ignored) == 1;
}

void mc_device_make(void)
{
    get_or_create_global *make = (get_or_create_global *) (uintptr_t) dlsym(
        RTLD_DEFAULT, "KGEN_CompilerRT_GetOrCreateGlobal");
    current_device *current =
        (current_device *) (uintptr_t) dlsym(RTLD_DEFAULT, ASYNC_PREFIX "GetCurrentCPUDevice");
    any_function *create =
        (any_function *) (uintptr_t) dlsym(RTLD_DEFAULT, ASYNC_PREFIX "GetOrCreateCPUDevice");
    any_function *destroy =
        (any_function *) (uintptr_t) dlsym(RTLD_DEFAULT, ASYNC_PREFIX "ReleaseCPUDevice");
    if (make && current && create && destroy && !current()) {
        make("Runtime", strlen("Runtime"), create, destroy);
    }
}
