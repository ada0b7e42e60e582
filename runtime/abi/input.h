/* What a library reads of its process's standard input, where that is somebody who is asked, as a
 * terminal: a read takes what is there of one line, and asks for another only where nothing is. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* As read() of a terminal; 0: there is no more. */
typedef ssize_t mc_input_read(void *ret, size_t size);

/* Who is asked; NULL: nobody, and all is as without this module. */
void mc_input_read_with(mc_input_read *function);

/* The library (of dlopen) reads standard input this way from now on: by read(), and by the streams
 * that it opens of descriptor 0 or a copy of it, which is what input() of Mojo does. */
void mc_input_watch(void *library);

/* A line that was got and is read in parts. Embedded; zero is none. */
struct mc_input_line {
    char *bytes; /* its owner's to free */
    size_t length;
    size_t at;
};

/* The next of it, up to its end or that of a line in it; 0 where nothing is left. */
size_t mc_input_next(struct mc_input_line *line, void *ret, size_t size);
