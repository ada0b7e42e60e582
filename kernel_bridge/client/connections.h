/* What a client has of one process: after a fork the child makes its own and leaves its parent's
 * alone. */
#pragma once

#include "base/err.h"
#include "kernel_bridge/client/connection.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

struct mc_connections {
    pid_t owner;
    int wake_fd;
    atomic_uint generation; /* of interrupts */
    pthread_mutex_t mutex;
    void *zmq;                  /* made with the first connection */
    struct mc_connection *idle; /* a connection is in here or with one request; the mutex hands it
                                   from thread to thread */
};

int mc_connections_new(struct mc_connections **ret, mc_err *err) MC_MUST_USE;
struct mc_connections *mc_connections_free(struct mc_connections *connections);

/* A connection that is not in use, or NULL where a new one has to be opened: then there is a `zmq`
 * to open it with, or none is to be had. Back with it; NULL is fine. */
struct mc_connection *mc_connections_take(struct mc_connections *connections);
void mc_connections_give(struct mc_connections *connections, struct mc_connection *connection);
