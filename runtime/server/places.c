#include "server/places.h"

#include "mojo/cell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* "mc_<hash>.mojo": the name alone is the compilation's own. The directory before it may be an
 * earlier one's, because the compiler's cache knows a module by its text. */
static bool module_file(const struct mc_request *request, char ret[static 64])
{
    const char *module = json_string_value(json_object_get(request->meta, "module"));
    return module && snprintf(ret, 64, "%s.mojo", module) < 64;
}

bool mc_places_any(const struct mc_request *request, const char *bytes, size_t length)
{
    char file[64];
    return module_file(request, file) && memmem(bytes, length, file, strlen(file));
}

/* Where the path that ends in `name` begins: after "ABORT: " on its line, else after a blank. */
static const char *path_start(const char *bytes, const char *name)
{
    static const char word[] = "ABORT: ";
    const char *line = memrchr(bytes, '\n', (size_t) (name - bytes));
    line = line ? line + 1 : bytes;
    const char *abort = memmem(line, (size_t) (name - line), word, sizeof word - 1);
    if (abort) {
        return abort + sizeof word - 1;
    }
    const char *blank = memrchr(line, ' ', (size_t) (name - line));
    return name > line && name[-1] == '/' ? (blank ? blank + 1 : line) : name;
}

/* ":12" at `at`. Returns where it ends, `at` where there is none. */
static const char *read_number(const char *at, const char *end, long *ret)
{
    enum { MOST = 100000000 };
    const char *digit = at + 1;
    long number = 0;
    if (at == end || *at != ':') {
        return at;
    }
    while (digit < end && isdigit((unsigned char) *digit) && number < MOST) {
        number = 10 * number + (*digit++ - '0');
    }
    if (digit == at + 1) {
        return at;
    }
    *ret = number;
    return digit;
}

void mc_places_rewrite(const struct mc_request *request,
                       const char *bytes,
                       size_t length,
                       struct mc_buf *ret)
{
    char file[64];
    const char *end = bytes + length;
    const char *found;
    bool known = module_file(request, file);
    while (known && (found = memmem(bytes, (size_t) (end - bytes), file, strlen(file)))) {
        long line = 0;
        long column = 0;
        const char *after_line = read_number(found + strlen(file), end, &line);
        const char *after = read_number(after_line, end, &column);
        mc_buf_add(ret, bytes, (size_t) (path_start(bytes, found) - bytes));
        mc_buf_adds(ret, request->ask.name);
        if (after > after_line) {
            mc_cell_map(request->cell, line, column, &line, &column);
            mc_buf_addf(ret, ":%ld:%ld", line, column);
            bytes = after;
        } else {
            bytes = found + strlen(file);
        }
    }
    mc_buf_add(ret, bytes, (size_t) (end - bytes));
}
