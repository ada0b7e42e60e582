/* In which order a program has written to its two streams. They are two pipes, which anybody may
 * write to and of which no reader can tell what came first. So the program's own prints note each
 * time they turn to the other stream how far the one they leave has come: in shared memory that the
 * reader has made. What others write (children, Python, libraries of C) is within these positions,
 * and in the order in which it comes. */
#pragma once

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MC_ORDER_TURNS 4080

/* The stream is 0 for stdout, 1 for stderr. */
struct mc_order_turn {
    uint64_t position : 63; /* bytes of the stream that come before what is written next */
    uint64_t stream : 1;
};

/* A program can scribble over it: the reader believes what it finds in the pipes. */
struct mc_order {
    _Atomic uint32_t noted; /* turns, by the program */
    _Atomic uint32_t waits; /* the program: there is no room */
    char apart[56];         /* from the reader's words, for the processors' sake */
    _Atomic uint32_t taken; /* of them, by the reader */
    _Atomic uint32_t off;   /* the reader looks no more */
    struct {
        _Atomic uint32_t reading; /* odd: just now */
        _Atomic uint64_t bytes;   /* read so far */
    } streams[2];
    struct mc_order_turn turns[MC_ORDER_TURNS]; /* of number n at n modulo their number */
};

_Static_assert(sizeof(struct mc_order) <= 8 * 4096, "it is eight pages");

/* Makes one, and a descriptor of it for the program; the caller closes and unmaps both. */
int mc_order_make(int *ret_fd, struct mc_order **ret, mc_err *err) MC_MUST_USE;
struct mc_order *mc_order_map(int fd);       /* NULL: it is none */
void mc_order_unmap(struct mc_order *order); /* takes NULL */

/* The program's side: what descriptors 1 and 2 are now are the streams. `alone`: nobody but
 * mc_order_write writes to them, so that no turn costs a look at a pipe. */
void mc_order_begin(struct mc_order *order, bool alone);

/* The same where the streams are files, and whoever reads them can do so where it wants: turns are
 * written to a third file. */
void mc_order_begin_files(int turns);

/* As write(). */
ssize_t mc_order_write(int fd, const void *bytes, size_t length);

/* The reader's side: as read(), so that the program can tell what is read and what is not. */
ssize_t mc_order_read(struct mc_order *order, int stream, int fd, void *ret, size_t size);

/* So many turns are taken: there is room again. */
void mc_order_take(struct mc_order *order, uint32_t taken);

/* No turn is looked at any more. */
void mc_order_stop(struct mc_order *order);
