/* Which artifacts may be called in this process: see mc_artifact_unguardable. */
#include "base/symbols.h"
#include "kernel_bridge/guard/artifact.h"

#include <stdio.h>
#include <string.h>

/* What a cell's own code comes down to: allocation, memory, text, files, time. Each list is words
 * with spaces between them. */
static const char harmless[] =
    "KGEN_CompilerRT_AlignedAlloc KGEN_CompilerRT_AlignedFree KGEN_CompilerRT_GetArgV "
    "KGEN_CompilerRT_GetGlobalOrNull KGEN_CompilerRT_GetOrCreateGlobal "
    "KGEN_CompilerRT_GetOrCreateGlobalIndexed KGEN_CompilerRT_GetStackTrace "
    "KGEN_CompilerRT_NumLogicalCores KGEN_CompilerRT_NumPerformanceCores "
    "KGEN_CompilerRT_NumPhysicalCores KGEN_CompilerRT_TimeTraceProfilerBegin "
    "KGEN_CompilerRT_TimeTraceProfilerEnd KGEN_CompilerRT_TimeTraceProfilerIsEnabled "
    "KGEN_CompilerRT_fprintf "
    "abs access bcmp calloc clock clock_gettime clock_nanosleep close dup fclose fdopen "
    "fflush fopen fprintf fputc fputs fread free fseek fstat ftell fwrite getcwd getenv "
    "gettimeofday isatty lseek lstat malloc memchr memcmp memcpy memmove memrchr memset "
    "mkdir nanosleep open posix_memalign pread printf putchar puts pwrite rand read "
    "readlink realloc remove rename rmdir sched_getcpu snprintf srand stat stderr stdin "
    "stdout strcmp strerror strlen strncmp strtod strtol sysconf time unlink usleep "
    "write "
    "_ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __cxa_finalize "
    "__errno_location __fxstat __gmon_start__ __lxstat __stack_chk_fail __tls_get_addr __xstat ";

/* Also in their forms for float: sinf. */
static const char mathematics[] =
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp "
    "exp10 exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ilogb j0 j1 ldexp "
    "lgamma log log10 log1p log2 logb modf nearbyint nextafter pow remainder rint round "
    "roundeven scalb scalbn sin sincos sinh sqrt tan tanh tgamma trunc y0 y1 ";

static const char endings[] = "exit _exit _Exit quick_exit abort fork vfork execve execv execvp "
                              "posix_spawn posix_spawnp system popen kill raise ";

static const char loading[] = "dlopen dlsym dlerror dlclose ";

static bool is_among(const char *words, const char *name, size_t length)
{
    for (const char *at = words; *at; at += strcspn(at, " ") + 1) {
        if (strcspn(at, " ") == length && memcmp(at, name, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* The compiler's own: __divti3, __truncdfhf2. */
static bool is_arithmetic(const char *name, size_t length)
{
    return starts(name, "__") && length > 2 && length < 16 &&
           strchr("0123456789", name[length - 1]);
}

static bool is_harmless(const char *name)
{
    size_t length = strlen(name);
    bool of_float = length > 1 && name[length - 1] == 'f';
    return is_among(harmless, name, length) || is_among(mathematics, name, length) ||
           (of_float && is_among(mathematics, name, length - 1)) || is_arithmetic(name, length);
}

struct reason {
    char *text;
    size_t size;
};

static int note_reason(const char *name, void *data)
{
    const struct reason *reason = data;
    if (is_harmless(name)) {
        return 0;
    }
    if (is_among(endings, name, strlen(name))) {
        snprintf(reason->text, reason->size, "it calls %s()", name);
    } else if (starts(name, "pthread_") || starts(name, "KGEN_CompilerRT_AsyncRT_") ||
               starts(name, "AsyncRT_") || starts(name, "thrd_")) {
        snprintf(reason->text, reason->size, "it uses threads");
    } else if (starts(name, "Py") || starts(name, "KGEN_CompilerRT_Python") ||
               is_among(loading, name, strlen(name))) {
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
