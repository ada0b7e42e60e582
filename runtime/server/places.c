#include "server/places.h"

#include "mojo/cell.h"

#include <ctype.h>
#include <string.h>

static const char *module_file(const struct mc_request *request)
{
    return json_string_value(json_object_get(request->meta, "file"));
}

bool mc_places_any(const struct mc_request *request, const char *bytes, size_t length)
{
    const char *file = module_file(request);
    return file && memmem(bytes, length, file, strlen(file));
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
    const char *file = module_file(request);
    const char *end = bytes + length;
    size_t file_length = file ? strlen(file) : 0;
    const char *found;
    while (file && (found = memmem(bytes, (size_t) (end - bytes), file, file_length))) {
        long line = 0;
        long column = 0;
        const char *after_line = read_number(found + file_length, end, &line);
        const char *after = read_number(after_line, end, &column);
        mc_buf_add(ret, bytes, (size_t) (found - bytes));
        mc_buf_adds(ret, request->ask.name);
        if (after > after_line) {
            mc_cell_map(request->cell, line, column, &line, &column);
            mc_buf_addf(ret, ":%ld:%ld", line, column);
            bytes = after;
        } else {
            bytes = found + file_length;
        }
    }
    mc_buf_add(ret, bytes, (size_t) (end - bytes));
}
