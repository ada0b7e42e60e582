/* libmojocell_abort.so: loaded before the Mojo runtime, it takes the runtime's place as the printer
 * of failed checks, so that their text becomes that of a MojoCrash. */
#include "kernel_bridge/abort.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ASSERT_FORMAT "At: %s:%llu:%llu: Assert Error: "

__attribute__((visibility("default"))) mc_abort_sink *mc_abort_text;

__attribute__((visibility("default"), format(printf, 2, 3))) int
KGEN_CompilerRT_fprintf(void *file, const char *format, ...);

int KGEN_CompilerRT_fprintf(void *file, const char *format, ...)
{
    va_list arguments;
    char text[1024];
    va_start(arguments, format);
    int length;
    if (mc_abort_text && strncmp(format, ASSERT_FORMAT, strlen(ASSERT_FORMAT)) == 0) {
        length = vsnprintf(text, sizeof text, format, arguments);
        if (!mc_abort_text(text)) {
            fputs(text, file);
        }
    } else {
        length = vfprintf(file, format, arguments);
    }
    va_end(arguments);
    return length;
}
