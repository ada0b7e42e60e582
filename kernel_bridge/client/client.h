/* A blocking client of mojocelld: asks one thing, hands on the events, returns the result. Starts
 * the daemon where none runs, starts another where it is lost, and repeats what is safe to repeat.
 * One client serves any number of threads at once, and may be used on both sides of a fork. */
#pragma once

#include "base/err.h"
#include "kernel_bridge/client/client_request.h"
#include "protocol/message.h"

#include <stdint.h>
#include <sys/types.h>

struct mc_client;

struct mc_client_options {
    const char *runtime_dir; /* NULL: mc_paths_runtime_dir of the environment */
    const char *daemon;      /* executable; NULL: $MOJOCELL_DAEMON, else mojocelld on PATH */
    bool start_daemon;       /* where none listens; else that is DAEMON_UNAVAILABLE */
    char *const
        *envp; /* of the daemon, and where the names above are looked up; NULL: the caller's */
    int start_timeout_ms; /* until a started daemon is ready, and until it answers hello; 0: 10,000
                           */
};

/* Copies the options; `envp` must live as long as the client. Connects to nothing yet. */
int mc_client_new(const struct mc_client_options *options,
                  struct mc_client **ret,
                  mc_err *err) MC_MUST_USE;

/* Takes NULL; returns NULL. No request may be under way. In a process forked after the client was
 * used, what belongs to the parent is left alone. */
struct mc_client *mc_client_free(struct mc_client *client);

/* Asks and waits. *ret is the last event, a `result` ("ok": false included), for mc_message_fini;
 * empty on failure.
 *
 * Output is acknowledged after on_event has returned, so a slow consumer slows the program down and
 * nothing piles up. An `error` event is returned as an error of its code. Others:
 * DAEMON_UNAVAILABLE (none runs and none could be started, or it lives and says nothing),
 * TOO_MANY_CLIENTS, DAEMON_LOST (it ended when the program
 * had already started, or three times in a row), PROTOCOL (it does not speak it), INTERRUPTED and
 * TIMEOUT: the request was cancelled, its output was handed on until its last event or for 2 s.
 * Where the daemon is lost earlier, the request is repeated: events like `compiling` may then come
 * twice. `shutdown` never starts a daemon, and has succeeded where the daemon ends without an
 * answer. */
int mc_client_request(struct mc_client *client,
                      const struct mc_client_call *call,
                      struct mc_message *ret,
                      mc_err *err) MC_MUST_USE;

/* Interrupts the requests that are under way in this process, in all threads. Async-signal-safe. */
void mc_client_interrupt(struct mc_client *client);

/* Where the sockets are. */
const char *mc_client_runtime_dir(const struct mc_client *client);

/* Of the daemon that answered hello last, 0 before. */
pid_t mc_client_pid(const struct mc_client *client);
