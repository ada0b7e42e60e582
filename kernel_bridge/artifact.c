#include "kernel_bridge/artifact.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/symbols.h"
#include "kernel_bridge/abort.h"
#include "kernel_bridge/guard.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mc_artifact *artifacts;
static char runtime[MC_HASH_HEX]; /* identity of the one that is loaded; "": none yet */

/* ---- the runtime ---- */

static int conflict(const char *what, mc_err *err)
{
    mc_err_set(err, MC_RUNTIME_CONFLICT, "this process has another Mojo runtime loaded%s", what);
    return mc_err_hint(err, "functions of this compiler are called in a process of their own");
}

/* Somebody else's, loaded for all to see. */
static bool is_foreign(const char *const *libraries)
{
    Dl_info info;
    void *found = dlsym(RTLD_DEFAULT, "KGEN_CompilerRT_AlignedAlloc");
    if (!found || !dladdr(found, &info)) {
        return false;
    }
    for (; *libraries; libraries++) {
        if (strcmp(*libraries, info.dli_fname) == 0) {
            return false;
        }
    }
    return true;
}

/* It has to come before the runtime, whose function it stands in for. */
static void load_interposer(const char *path)
{
    void *handle = path ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : NULL;
    mc_abort_sink **sink = handle ? (mc_abort_sink **) dlsym(handle, "mc_abort_text") : NULL;
    if (sink) {
        *sink = mc_guard_take_text;
    }
}

static int load_runtime(const struct mc_artifact_spec *spec, mc_err *err)
{
    if (!spec->libraries[0] && !spec->identity[0]) {
        return 0; /* it needs none */
    }
    if (runtime[0]) {
        return strcmp(runtime, spec->identity) == 0 ? 0 : conflict("", err);
    }
    if (is_foreign(spec->libraries)) {
        return conflict(" by another package", err);
    }
    load_interposer(spec->interposer);
    for (const char *const *library = spec->libraries; *library; library++) {
        if (!dlopen(*library, RTLD_NOW | RTLD_GLOBAL)) {
            return mc_err_set(err, MC_IO, "load the Mojo runtime: %s", dlerror());
        }
    }
    snprintf(runtime, sizeof runtime, "%s", spec->identity);
    return 0;
}

/* ---- artifacts ---- */

struct search {
    struct mc_artifact *artifact;
    uintptr_t base;
};

static int note_texts(struct dl_phdr_info *info, size_t size, void *data)
{
    struct search *search = data;
    size_t n = 0;
    (void) size;
    if (info->dlpi_addr != search->base) {
        return 0;
    }
    for (size_t i = 0; i < info->dlpi_phnum && n < MC_ARTIFACT_TEXTS; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X)) {
            uintptr_t low = info->dlpi_addr + segment->p_vaddr;
            search->artifact->texts[n++] = (struct mc_text) {low, low + segment->p_memsz};
        }
    }
    return 1;
}

static int load(struct mc_artifact *artifact, const struct mc_artifact_spec *spec, mc_err *err)
{
    struct link_map *map;
    artifact->path = strdup(spec->path);
    if (!artifact->path) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    artifact->handle = dlopen(spec->path, RTLD_NOW | RTLD_LOCAL);
    if (!artifact->handle || dlinfo(artifact->handle, RTLD_DI_LINKMAP, &map) != 0) {
        return mc_err_set(err, MC_IO, "load the compiled functions: %s", dlerror());
    }
    struct search search = {.artifact = artifact, .base = map->l_addr};
    if (dl_iterate_phdr(note_texts, &search) != 1 || artifact->texts[0].high == 0) {
        return mc_err_set(err, MC_IO, "%s has no code", spec->path);
    }
    artifact->release = (mc_release_thunk *) (uintptr_t) dlsym(artifact->handle, MC_THUNK_RELEASE);
    return 0;
}

static void discard(struct mc_artifact *artifact)
{
    if (artifact->handle) {
        dlclose(artifact->handle);
    }
    free(artifact->path);
    free(artifact);
}

static int open_locked(const struct mc_artifact_spec *spec, struct mc_artifact **ret, mc_err *err)
{
    for (struct mc_artifact *one = artifacts; one; one = one->next) {
        if (strcmp(one->path, spec->path) == 0) {
            *ret = one;
            return 0;
        }
    }
    if (load_runtime(spec, err) < 0) {
        return -1;
    }
    struct mc_artifact *artifact = calloc(1, sizeof *artifact);
    if (!artifact) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (load(artifact, spec, err) < 0) {
        discard(artifact);
        return -1;
    }
    artifact->next = artifacts;
    artifacts = artifact;
    *ret = artifact;
    return 0;
}

int mc_artifact_open(const struct mc_artifact_spec *spec, struct mc_artifact **ret, mc_err *err)
{
    pthread_mutex_lock(&lock);
    int result = open_locked(spec, ret, err);
    pthread_mutex_unlock(&lock);
    return result;
}

mc_thunk *mc_artifact_thunk(const struct mc_artifact *artifact, const char *symbol)
{
    return (mc_thunk *) (uintptr_t) dlsym(artifact->handle, symbol);
}

/* ---- what cannot be guarded ---- */

/* Allocation, memory, text, output and mathematics: what a cell's own code comes down to. */
static bool is_harmless(const char *name)
{
    static const char *const names[] = {"KGEN_CompilerRT_AlignedAlloc",
                                        "KGEN_CompilerRT_AlignedFree",
                                        "KGEN_CompilerRT_GetStackTrace",
                                        "KGEN_CompilerRT_fprintf",
                                        "KGEN_CompilerRT_GetOrCreateGlobal",
                                        "KGEN_CompilerRT_GetGlobalOrNull",
                                        "KGEN_CompilerRT_GetOrCreateGlobalIndexed",
                                        "KGEN_CompilerRT_GetArgV",
                                        "KGEN_CompilerRT_NumLogicalCores",
                                        "KGEN_CompilerRT_NumPhysicalCores",
                                        "KGEN_CompilerRT_NumPerformanceCores",
                                        "KGEN_CompilerRT_TimeTraceProfilerBegin",
                                        "KGEN_CompilerRT_TimeTraceProfilerEnd",
                                        "KGEN_CompilerRT_TimeTraceProfilerIsEnabled",
                                        "_ITM_deregisterTMCloneTable",
                                        "_ITM_registerTMCloneTable",
                                        "__cxa_finalize",
                                        "__gmon_start__",
                                        "__stack_chk_fail",
                                        "__tls_get_addr",
                                        "__errno_location",
                                        "abs",
                                        "bcmp",
                                        "calloc",
                                        "clock",
                                        "clock_gettime",
                                        "close",
                                        "dup",
                                        "fclose",
                                        "fdopen",
                                        "fflush",
                                        "fputc",
                                        "fputs",
                                        "fread",
                                        "free",
                                        "fwrite",
                                        "getenv",
                                        "gettimeofday",
                                        "isatty",
                                        "lseek",
                                        "malloc",
                                        "memchr",
                                        "memcmp",
                                        "memcpy",
                                        "memmove",
                                        "memset",
                                        "memrchr",
                                        "fopen",
                                        "fseek",
                                        "ftell",
                                        "open",
                                        "posix_memalign",
                                        "printf",
                                        "fprintf",
                                        "putchar",
                                        "puts",
                                        "read",
                                        "realloc",
                                        "snprintf",
                                        "stat",
                                        "fstat",
                                        "lstat",
                                        "time",
                                        "strlen",
                                        "strcmp",
                                        "strncmp",
                                        "strtod",
                                        "strtol",
                                        "stdout",
                                        "stderr",
                                        "stdin",
                                        "write",
                                        "rand",
                                        "srand",
                                        "sched_getcpu",
                                        "sysconf",
                                        /* mathematics, also in their forms for float (f) */
                                        "acos",
                                        "acosh",
                                        "asin",
                                        "asinh",
                                        "atan",
                                        "atan2",
                                        "atanh",
                                        "cbrt",
                                        "ceil",
                                        "copysign",
                                        "cos",
                                        "cosh",
                                        "erf",
                                        "erfc",
                                        "exp",
                                        "exp2",
                                        "exp10",
                                        "expm1",
                                        "fabs",
                                        "fdim",
                                        "floor",
                                        "fma",
                                        "fmax",
                                        "fmin",
                                        "fmod",
                                        "frexp",
                                        "hypot",
                                        "ilogb",
                                        "j0",
                                        "j1",
                                        "ldexp",
                                        "lgamma",
                                        "log",
                                        "log10",
                                        "log1p",
                                        "log2",
                                        "logb",
                                        "modf",
                                        "nearbyint",
                                        "nextafter",
                                        "pow",
                                        "remainder",
                                        "rint",
                                        "round",
                                        "roundeven",
                                        "scalb",
                                        "scalbn",
                                        "sin",
                                        "sincos",
                                        "sinh",
                                        "sqrt",
                                        "tan",
                                        "tanh",
                                        "tgamma",
                                        "trunc",
                                        "y0",
                                        "y1",
                                        NULL};
    char plain[64];
    size_t length = strlen(name);
    for (const char *const *one = names; *one; one++) {
        if (strcmp(*one, name) == 0) {
            return true;
        }
    }
    if (length < 2 || length >= sizeof plain || name[length - 1] != 'f') {
        return strncmp(name, "__", 2) == 0 && length > 2 &&
               strchr("0123456789", name[length - 1]) &&
               strlen(name) < 16; /* the compiler's own arithmetic: __divti3, __truncdfhf2 */
    }
    memcpy(plain, name, length - 1);
    plain[length - 1] = '\0';
    return is_harmless(plain);
}

struct reason {
    char *text;
    size_t size;
};

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static int note_reason(const char *name, void *data)
{
    static const char *const endings[] = {"exit",
                                          "_exit",
                                          "_Exit",
                                          "quick_exit",
                                          "abort",
                                          "fork",
                                          "vfork",
                                          "execve",
                                          "execv",
                                          "execvp",
                                          "posix_spawn",
                                          "posix_spawnp",
                                          "system",
                                          "popen",
                                          "kill",
                                          "raise",
                                          NULL};
    const struct reason *reason = data;
    if (is_harmless(name)) {
        return 0;
    }
    for (const char *const *one = endings; *one; one++) {
        if (strcmp(*one, name) == 0) {
            snprintf(reason->text, reason->size, "it calls %s()", name);
            return 1;
        }
    }
    if (starts(name, "pthread_") || starts(name, "KGEN_CompilerRT_AsyncRT_") ||
        starts(name, "thrd_")) {
        snprintf(reason->text, reason->size, "it uses threads");
    } else if (starts(name, "Py") || starts(name, "KGEN_CompilerRT_Python") ||
               starts(name, "dlopen") || starts(name, "dlsym") || starts(name, "dlclose")) {
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
