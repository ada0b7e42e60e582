#include "kernel_bridge/client/connections.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mc_connections *mc_connections_free(struct mc_connections *connections)
{
    if (!connections) {
        return NULL;
    }
    while (connections->idle) {
        struct mc_connection *connection = connections->idle;
        connections->idle = connection->next;
        mc_connection_free(connection);
    }
    if (connections->zmq) {
        zmq_ctx_term(connections->zmq);
    }
    if (connections->wake_fd >= 0) {
        close(connections->wake_fd);
    }
    pthread_mutex_destroy(&connections->mutex);
    free(connections);
    return NULL;
}

int mc_connections_new(struct mc_connections **ret, mc_err *err)
{
    struct mc_connections *connections = calloc(1, sizeof *connections);
    if (!connections) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    connections->owner = getpid();
    connections->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&connections->mutex, NULL);
    if (connections->wake_fd < 0) {
        mc_err_errno(err, MC_SYSTEM, "eventfd");
        mc_connections_free(connections);
        return -1;
    }
    *ret = connections;
    return 0;
}

static struct mc_connection *take_idle(struct mc_connections *connections)
{
    pthread_mutex_lock(&connections->mutex);
    if (!connections->zmq) {
        connections->zmq = zmq_ctx_new();
    }
    struct mc_connection *found = connections->idle;
    if (found) {
        connections->idle = found->next;
    }
    pthread_mutex_unlock(&connections->mutex);
    return found;
}

struct mc_connection *mc_connections_take(struct mc_connections *connections)
{
    struct mc_connection *found = take_idle(connections);
    while (found && mc_connection_is_dead(found)) {
        mc_connection_free(found);
        found = take_idle(connections);
    }
    return found;
}

void mc_connections_give(struct mc_connections *connections, struct mc_connection *connection)
{
    if (connection) {
        pthread_mutex_lock(&connections->mutex);
        connection->next = connections->idle;
        connections->idle = connection;
        pthread_mutex_unlock(&connections->mutex);
    }
}
