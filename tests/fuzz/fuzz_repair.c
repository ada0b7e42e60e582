/* A source, repaired after an error: a line with its message, one with the numbers of a fix-it's
 * place, then the source. */
#include "mojo/repair.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static json_t *error_of(const char *message, size_t length, const uint8_t *place)
{
    return json_pack("[{s:s, s:s%, s:[{s:i, s:i, s:i, s:i, s:s}]}]",
                     "kind",
                     "error",
                     "message",
                     message,
                     length,
                     "fixits",
                     "line",
                     place[0],
                     "column",
                     place[1],
                     "end_line",
                     place[2],
                     "end_column",
                     place[3],
                     "text",
                     "var ");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const uint8_t *newline = length > 0 ? memchr(bytes, '\n', length) : NULL;
    if (newline == NULL || bytes + length - newline < 5) {
        return 0;
    }
    json_t *errors = error_of((const char *) bytes, (size_t) (newline - bytes), newline + 1);
    mc_autobuf ret = MC_BUF_INIT;
    json_t *changes = NULL;
    mc_err err;
    const char *source = (const char *) newline + 5;
    size_t left = (size_t) (bytes + length - (newline + 5));
    int r = errors != NULL ? mc_repair(source, left, errors, &ret, &changes, &err) : 1;
    if (r < 0 || (r == 0) != (changes != NULL)) {
        abort();
    }
    json_decref(changes);
    json_decref(errors);
    return 0;
}
