#include "mojo/output_paths.h"

#include "mojo/cell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define OTHER "another cell"

/* A module's file in some bytes. */
struct found {
    const char *at; /* NULL: none */
    size_t length;
    bool own; /* the cell's; else that of one whose functions it uses, or of an equal one */
};

/* Where "mc_<hash>" or "mc_u<hash>" begins that ends at `end`, or NULL. */
static const char *module_start(const char *from, const char *end)
{
    enum { LEAST = 8 };
    const char *at = end;
    while (at > from && isxdigit((unsigned char) at[-1])) {
        at--;
    }
    bool long_enough = end - at >= LEAST;
    at -= at > from && at[-1] == 'u';
    return long_enough && at - from >= 3 && memcmp(at - 3, "mc_", 3) == 0 ? at - 3 : NULL;
}

/* The first "mc_<hash>.mojo": the name alone is the compilation's own. The directory before it may
 * be an earlier one's, because the compiler's cache knows a module by its text. */
static struct found
find_file(const struct mc_output_paths *paths, const char *from, const char *end)
{
    static const char suffix[] = ".mojo";
    size_t module = paths->module ? strlen(paths->module) : 0;
    const char *next = from;
    while ((next = memmem(next, (size_t) (end - next), suffix, sizeof suffix - 1))) {
        const char *at = module_start(from, next);
        size_t length = at ? (size_t) (next - at) : 0;
        next += sizeof suffix - 1;
        if (at) {
            bool own = module == length && memcmp(at, paths->module, length) == 0;
            return (struct found) {at, length + sizeof suffix - 1, own};
        }
    }
    return (struct found) {NULL, 0, false};
}

bool mc_output_paths_any(const struct mc_output_paths *paths, const char *bytes, size_t length)
{
    return find_file(paths, bytes, bytes + length).at != NULL;
}

/* Where the path that ends in `name` begins: after "ABORT: " on its line, else after a blank, a
 * quote or a bracket. */
static const char *path_start(const char *bytes, const char *name)
{
    static const char word[] = "ABORT: ";
    const char *line = memrchr(bytes, '\n', (size_t) (name - bytes));
    line = line ? line + 1 : bytes;
    const char *abort = memmem(line, (size_t) (name - line), word, sizeof word - 1);
    if (abort) {
        return abort + sizeof word - 1;
    }
    const char *start = name;
    while (start > line && !strchr(" \t\"'(<[,;=", start[-1])) {
        start--;
    }
    return name > line && name[-1] == '/' ? start : name;
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

void mc_output_paths_rewrite(const struct mc_output_paths *paths,
                             const char *bytes,
                             size_t length,
                             struct mc_buf *ret)
{
    const char *end = bytes + length;
    struct found file;
    while ((file = find_file(paths, bytes, end)).at) {
        long line = 0;
        long column = 0;
        const char *after_line = read_number(file.at + file.length, end, &line);
        const char *after = read_number(after_line, end, &column);
        mc_buf_add(ret, bytes, (size_t) (path_start(bytes, file.at) - bytes));
        mc_buf_adds(ret, file.own ? paths->name : OTHER);
        bytes = file.at + file.length;
        if (file.own && after > after_line) {
            mc_cell_map(paths->cell, line, column, &line, &column);
            mc_buf_addf(ret, ":%ld:%ld", line, column);
            bytes = after;
        }
    }
    mc_buf_add(ret, bytes, (size_t) (end - bytes));
}
