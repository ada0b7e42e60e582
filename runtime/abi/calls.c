#include "abi/calls.h"

#include "base/symbols.h"

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
    "KGEN_CompilerRT_fprintf abs access bcmp calloc clock clock_gettime clock_nanosleep "
    "close dup fclose fdopen fflush fopen fread free fseek fstat ftell getcwd getdelim getenv "
    "gettimeofday isatty lseek lstat malloc memchr memcmp memcpy memmove memrchr memset "
    "mkdir nanosleep open posix_memalign pread rand read readlink realloc remove rename "
    "rmdir sched_getcpu snprintf srand stat stderr stdin stdout strcmp strerror strlen "
    "strncmp strtod strtol sysconf time unlink usleep write _ITM_deregisterTMCloneTable "
    "_ITM_registerTMCloneTable __cxa_finalize __errno_location __fxstat __gmon_start__ "
    "__lxstat __stack_chk_fail __tls_get_addr __xstat ";

/* Harmless as well, and past what a library's own prints go by. */
static const char printing[] = "fprintf fputc fputs fwrite printf putchar puts pwrite ";

/* Also in their forms for float: sinf. */
static const char mathematics[] =
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp "
    "exp10 exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ilogb j0 j1 ldexp "
    "lgamma log log10 log1p log2 logb modf nearbyint nextafter pow remainder rint round "
    "roundeven scalb scalbn sin sincos sinh sqrt tan tanh tgamma trunc y0 y1 ";

bool mc_calls_among(const char *words, const char *name, size_t length)
{
    for (const char *at = words; *at; at += strcspn(at, " ") + 1) {
        if (strcspn(at, " ") == length && memcmp(at, name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The compiler's own: __divti3, __truncdfhf2. */
static bool is_arithmetic(const char *name, size_t length)
{
    return strncmp(name, "__", 2) == 0 && length > 2 && length < 16 &&
           strchr("0123456789", name[length - 1]);
}

static bool is_quiet(const char *name)
{
    size_t length = strlen(name);
    bool of_float = length > 1 && name[length - 1] == 'f';
    return mc_calls_among(harmless, name, length) || mc_calls_among(mathematics, name, length) ||
           (of_float && mc_calls_among(mathematics, name, length - 1)) ||
           is_arithmetic(name, length);
}

bool mc_calls_harmless(const char *name)
{
    return is_quiet(name) || mc_calls_among(printing, name, strlen(name));
}

static int is_other(const char *name, void *data)
{
    (void) data;
    return !is_quiet(name);
}

bool mc_calls_print_alone(const char *library)
{
    mc_err ignored;
    return mc_symbols_undefined(library, is_other, NULL, &ignored) == 0;
}
