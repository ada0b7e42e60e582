/* One request: asks, takes the events up to the last, and asks again where the daemon is lost. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "protocol/message.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum mc_client_verdict {
    MC_CLIENT_CONTINUE = 0,
    MC_CLIENT_STOP, /* cancel the request, hand on nothing more: the request fails as CANCELLED */
    MC_CLIENT_INTERRUPT, /* as mc_client_interrupt would */
};

/* An event before the last: header and frames are the message's, until the function returns. */
typedef enum mc_client_verdict (*mc_client_event_fn)(void *arg, const struct mc_message *event);

/* The program waits for a line of standard input: the function puts it in *ret, with its end;
 * nothing there is the end of the input. `arg` as of the others. */
typedef enum mc_client_verdict (*mc_client_ask_fn)(void *arg, struct mc_buf *ret);

struct mc_client_call {
    struct mc_frame
        header; /* JSON object; `id` and, for `run`, a missing `window` (4 MiB) are put in */
    const struct mc_frame *frames;
    size_t frame_count;
    mc_client_event_fn on_event; /* may be NULL */
    mc_client_ask_fn on_ask;     /* for a `run` with "asks"; NULL: its input is at its end */
    int (*check)(
        void *arg); /* called about every 50 ms and after a signal; not 0: interrupt. May be NULL */
    void *arg;      /* of all of these */
    int64_t timeout_ns; /* of the whole request; 0: none */
    int64_t silence_ns; /* the daemon is given up where it says nothing for so long, though it is
                           asked whether it hears: 0: `timeout_ns`, or `start_timeout_ms` where that
                           is less, or there is neither. Without either it is asked at the
                           beginning alone */
    bool detached; /* what is started needs the daemon no more: its silence then does not count,
                      and a request that is stopped waits for nothing */
};

struct mc_connections;
struct mc_connection_options;

/* What a request has from its client. */
struct mc_client_ways {
    struct mc_connections *connections;
    const struct mc_connection_options *options;
    unsigned long long number; /* no other request of the client has it */
    atomic_int *pid;           /* of the daemon that answered hello last */
};

/* As mc_client_request (client.h), for it alone. */
int mc_client_request_on(const struct mc_client_ways *ways,
                         const struct mc_client_call *call,
                         struct mc_message *ret,
                         mc_err *err) MC_MUST_USE;
