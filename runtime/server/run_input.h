/* The standard input of a program that asks: a socket, at which it says that it waits for a line
 * (runner/ask.h). Embedded in its run. */
#pragma once

#include "base/buf.h"
#include "server/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct mc_run_input {
    /* The run's to set: */
    struct mc_loop *loop;
    void *owner;
    void (*waits)(void *owner); /* the program does, and nobody was told */

    int fd; /* -1: it does not ask */
    struct mc_watch watch;
    struct mc_buf line; /* what was answered and is not taken */
    bool is_waiting;
};

/* The fields above `fd` are set. */
void mc_run_input_init(struct mc_run_input *input);
void mc_run_input_fini(struct mc_run_input *input);

/* What the program gets of it is the caller's to close. */
int mc_run_input_open(struct mc_run_input *input, int *ret_end, mc_err *err) MC_MUST_USE;
void mc_run_input_close(struct mc_run_input *input);

/* Gives the program a line; NULL: it is at the end of its input. Nothing where it does not wait. */
int mc_run_input_answer(struct mc_run_input *input, const void *bytes, size_t length, mc_err *err)
    MC_MUST_USE;
