#include "kernel_bridge/client/client.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "base/strv.h"
#include "kernel_bridge/client/connections.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define START_MS 10000

struct mc_client {
    _Atomic(struct mc_connections *) connections;
    atomic_int pid; /* of the daemon */
    atomic_ullong next_id;
    char *runtime_dir;
    char *socket_path;
    char *start_lock;
    char *daemon;
    struct mc_connection_options options;
};

/* The parent's sockets, its mutex (which may be held for ever) and its threads are of no use after
 * a fork; they are not even freed. Several threads of the child may come here at once. */
static int own_connections(struct mc_client *client, struct mc_connections **ret, mc_err *err)
{
    struct mc_connections *connections = atomic_load(&client->connections);
    struct mc_connections *fresh = NULL;
    if (connections->owner == getpid()) {
        *ret = connections;
        return 0;
    }
    if (mc_connections_new(&fresh, err) < 0) {
        return -1;
    }
    if (atomic_compare_exchange_strong(&client->connections, &connections, fresh)) {
        *ret = fresh;
        return 0;
    }
    mc_connections_free(fresh);
    *ret = connections;
    return 0;
}

/* The first executable of that name on PATH, or NULL. */
static char *search_path(const char *name, char *const *envp)
{
    const char *at = mc_strv_getenv(envp, "PATH");
    while (at && *at) {
        size_t length = strcspn(at, ":");
        mc_autofree char *dir = strndup(at, length);
        mc_autofree char *path = dir && length ? mc_fs_join(dir, name) : NULL;
        if (path && access(path, X_OK) == 0) {
            return mc_take(&path);
        }
        at += length + (at[length] == ':');
    }
    return NULL;
}

static char *choose_daemon(const char *chosen, char *const *envp)
{
    if (!chosen) {
        chosen = mc_strv_getenv(envp, "MOJOCELL_DAEMON");
    }
    if (!chosen || !*chosen) {
        return search_path("mojocelld", envp);
    }
    char *real = realpath(chosen, NULL); /* it is started from another directory */
    return real ? real : strdup(chosen);
}

static int
set_options(struct mc_client *client, const struct mc_client_options *options, mc_err *err)
{
    char *const *envp = options->envp ? options->envp : environ;
    int found = options->runtime_dir
                    ? mc_paths_check_dir(options->runtime_dir, &client->runtime_dir, err)
                    : mc_paths_runtime_dir(envp, &client->runtime_dir, err);
    if (found < 0 || mc_paths_socket(client->runtime_dir, &client->socket_path, err) < 0 ||
        mc_paths_start_lock(client->runtime_dir, &client->start_lock, err) < 0) {
        return -1;
    }
    client->daemon = choose_daemon(options->daemon, envp);
    client->options = (struct mc_connection_options) {
        .runtime_dir = client->runtime_dir,
        .socket_path = client->socket_path,
        .start_lock = client->start_lock,
        .daemon = client->daemon,
        .envp = options->envp,
        .start_daemon = options->start_daemon,
        .start_timeout_ms = options->start_timeout_ms > 0 ? options->start_timeout_ms : START_MS,
    };
    return 0;
}

int mc_client_new(const struct mc_client_options *options, struct mc_client **ret, mc_err *err)
{
    struct mc_connections *connections;
    struct mc_client *client = calloc(1, sizeof *client);
    if (!client) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (set_options(client, options, err) < 0 || mc_connections_new(&connections, err) < 0) {
        mc_client_free(client);
        return -1;
    }
    atomic_store(&client->connections, connections);
    *ret = client;
    return 0;
}

struct mc_client *mc_client_free(struct mc_client *client)
{
    if (client) {
        struct mc_connections *connections = atomic_load(&client->connections);
        if (connections && connections->owner == getpid()) {
            mc_connections_free(connections);
        }
        free(client->runtime_dir);
        free(client->socket_path);
        free(client->start_lock);
        free(client->daemon);
        free(client);
    }
    return NULL;
}

void mc_client_interrupt(struct mc_client *client)
{
    const uint64_t one = 1;
    struct mc_connections *connections = atomic_load(&client->connections);
    atomic_fetch_add(&connections->generation, 1);
    if (write(connections->wake_fd, &one, sizeof one) < 0) {
        return; /* full: it is readable already */
    }
}

const char *mc_client_runtime_dir(const struct mc_client *client)
{
    return client->runtime_dir;
}

pid_t mc_client_pid(const struct mc_client *client)
{
    return atomic_load(&client->pid);
}

int mc_client_request(struct mc_client *client,
                      const struct mc_client_call *call,
                      struct mc_message *ret,
                      mc_err *err)
{
    mc_err local;
    struct mc_client_ways ways = {.options = &client->options, .pid = &client->pid};
    err = err ? err : &local;
    *err = (mc_err) {0};
    *ret = (struct mc_message) {0};
    ways.number = atomic_fetch_add(&client->next_id, 1);
    return own_connections(client, &ways.connections, err) < 0
               ? -1
               : mc_client_request_on(&ways, call, ret, err);
}
