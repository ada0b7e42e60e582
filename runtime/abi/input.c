#include "abi/input.h"

#include "abi/rebind.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mc_input_read *ask;

static ssize_t read_stream(void *cookie, char *ret, size_t size)
{
    (void) cookie;
    return ask ? ask(ret, size) : 0;
}

static int close_stream(void *cookie)
{
    return close((int) (intptr_t) cookie);
}

/* It closes the descriptor. */
static FILE *open_stream(int fd)
{
    const cookie_io_functions_t functions = {.read = read_stream, .close = close_stream};
    return fopencookie((void *) (intptr_t) fd, "r", functions);
}

/* The descriptor, or a copy of it. */
static bool is_input(int fd)
{
    struct stat one;
    struct stat other;
    return fd == STDIN_FILENO || (fstat(fd, &one) == 0 && fstat(STDIN_FILENO, &other) == 0 &&
                                  one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

static FILE *said_fdopen(int fd, const char *mode)
{
    return ask && mode[0] == 'r' && is_input(fd) ? open_stream(fd) : fdopen(fd, mode);
}

static ssize_t said_read(int fd, void *ret, size_t size)
{
    return ask && fd == STDIN_FILENO ? ask(ret, size) : read(fd, ret, size);
}

void mc_input_read_with(mc_input_read *function)
{
    ask = function;
}

void mc_input_watch(void *library)
{
    mc_rebind(library, "read", (void *) (uintptr_t) said_read);
    mc_rebind(library, "fdopen", (void *) (uintptr_t) said_fdopen);
}

size_t mc_input_next(struct mc_input_line *line, void *ret, size_t size)
{
    size_t left = line->length - line->at;
    size_t most = left < size ? left : size;
    if (!most) {
        return 0;
    }
    const char *from = line->bytes + line->at;
    const char *end = memchr(from, '\n', most);
    size_t length = end ? (size_t) (end - from) + 1 : most;
    memcpy(ret, from, length);
    line->at += length;
    return length;
}
