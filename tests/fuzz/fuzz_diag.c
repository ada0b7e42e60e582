/* What a compiler writes, and what a program leaves when it crashes: the same bytes as either. */
#include "mojo/diag.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char cell[] = "def main():\n    print(\"\xc3\xa4\", missing)\r\n\n\tvar x = 1";

/* Half of all lines are no part of the cell. */
static void map(const void *data, long line, long column, long *ret_line, long *ret_column)
{
    (void) data;
    *ret_line = line % 2 == 0 ? line / 2 : 0;
    *ret_column = column;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *) bytes;
    struct mc_diag_source sources[] = {{.file = "/w/mc_cell.mojo",
                                        .name = "cell",
                                        .text = cell,
                                        .length = sizeof cell - 1,
                                        .main_line = 1},
                                       {.file = "/w/mc_entry.mojo"}};
    struct mc_diag_crash crash;
    for (int mapped = 0; mapped < 2; mapped++) {
        sources[0].map = mapped ? map : NULL;
        json_t *told = mc_diag_read(text, length, text, length / 2, sources, 2);
        char *dumped = told != NULL ? json_dumps(told, 0) : NULL;
        if (dumped == NULL) {
            abort();
        }
        free(dumped);
        json_decref(told);
        if (mc_diag_crash(text, length, sources, 2, &crash) == 1 &&
            (crash.start >= crash.end || crash.end > length ||
             strlen(crash.message) >= sizeof crash.message)) {
            abort();
        }
    }
    char *words = strndup(text, length);
    if (words == NULL || mc_diag_words(words, sources, 2, &crash) != (words[0] != '\0')) {
        abort();
    }
    free(words);
    return 0;
}
