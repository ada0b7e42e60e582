/* What a program prints, from its two pipes to who wants it: in the order in which it was written
 * (abi/order.h), within a limit, at most a window ahead of the reader. Embedded in its run. */
#pragma once

#include "base/buf.h"
#include "protocol/message.h"
#include "server/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mc_order;
struct mc_output_paths;
struct mc_run_output;

/* What was written to the two streams, and the pieces in which it was: they take turns. */
struct mc_printed {
    struct mc_frame streams[2];
    const uint32_t *lengths; /* of each piece */
    size_t count;
    bool first_is_stderr;
};

struct mc_run_stream {
    struct mc_run_output *output;
    int number; /* 0: stdout */
    int fd;     /* -1 after its end */
    struct mc_watch watch;
    uint64_t read; /* bytes taken from the pipe */
    char *bytes;   /* those of them that wait for their turn; none outside of a callback */
    size_t left;
    bool is_held;       /* they are in `held` by now; else each piece is put there in its turn */
    int64_t told;       /* bytes passed on */
    struct mc_buf tail; /* the last of it, where a crash leaves its words */
};

struct mc_run_output {
    /* The run's to set: */
    struct mc_loop *loop;
    const struct mc_output_paths *paths;
    int64_t limit;  /* bytes of both streams */
    int64_t window; /* bytes beyond those acknowledged; 0: no flow control */
    void *owner;
    void (*tell)(void *owner, const struct mc_printed *printed);
    void (*exceeded)(void *owner); /* the limit */
    void (*over)(void *owner);     /* both streams have ended */

    struct mc_run_stream streams[2];
    struct mc_order *order; /* NULL: as it comes */
    bool flows;             /* somebody takes it */
    bool unbound;           /* and acknowledges nothing */
    int64_t unacknowledged;
    int64_t young_until;   /* mc_os_now() */
    struct mc_buf held[2]; /* of each stream: waits for more, or for the end */
    struct mc_buf pieces;  /* their lengths */
    bool first_is_stderr, last_is_stderr;
    struct mc_timer timer;
    bool rests;  /* lets more come before it reads on */
    int hurries; /* reads before it does so again */
    struct mc_timer rest;
};

/* The fields above `streams` are set. */
void mc_run_output_init(struct mc_run_output *output);
void mc_run_output_fini(struct mc_run_output *output);

/* New pipes; what the program gets of them, and of the order, is the caller's to close. */
int mc_run_output_open(struct mc_run_output *output, int ret_ends[2], int *ret_order, mc_err *err)
    MC_MUST_USE;
void mc_run_output_close(struct mc_run_output *output);

/* From now on it is read: the program has begun. */
void mc_run_output_flow(struct mc_run_output *output);
/* Tells all that was written by now. */
void mc_run_output_drain(struct mc_run_output *output);
/* Nobody acknowledges any more. */
void mc_run_output_unbind(struct mc_run_output *output);
void mc_run_output_credit(struct mc_run_output *output, int64_t bytes);

bool mc_run_output_is_over(const struct mc_run_output *output);
/* Tells what was held back. */
void mc_run_output_let_go(struct mc_run_output *output);
