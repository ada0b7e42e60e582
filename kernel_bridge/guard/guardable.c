/* Which artifacts may be called in this process: see mc_artifact_unguardable. */
#include "abi/calls.h"
#include "base/symbols.h"
#include "kernel_bridge/guard/artifact.h"

#include <stdio.h>
#include <string.h>

static const char endings[] = "exit _exit _Exit quick_exit abort fork vfork execve execv execvp "
                              "posix_spawn posix_spawnp system popen kill raise ";

static const char loading[] = "dlopen dlsym dlerror dlclose ";

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

struct reason {
    char *text;
    size_t size;
};

static int note_reason(const char *name, void *data)
{
    const struct reason *reason = data;
    if (mc_calls_harmless(name)) {
        return 0;
    }
    if (mc_calls_among(endings, name, strlen(name))) {
        snprintf(reason->text, reason->size, "it calls %s()", name);
    } else if (starts(name, "pthread_") || starts(name, "KGEN_CompilerRT_AsyncRT_") ||
               starts(name, "AsyncRT_") || starts(name, "thrd_")) {
        snprintf(reason->text, reason->size, "it uses threads");
    } else if (starts(name, "Py") || starts(name, "KGEN_CompilerRT_Python") ||
               mc_calls_among(loading, name, strlen(name))) {
        snprintf(reason->text, reason->size, "it loads other libraries, such as Python's");
    } else {
        snprintf(
            reason->text, reason->size, "it calls %.60s(), which may keep what it takes", name);
    }
    return 1;
}

int mc_artifact_unguardable(const char *path, char *ret_reason, size_t size, mc_err *err)
{
    struct reason reason = {ret_reason, size};
    return mc_symbols_undefined(path, note_reason, &reason, err);
}
