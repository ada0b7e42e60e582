/* All that a server has: its parts, and the requests that are open. What makes and ends it is
 * server.h. */
#pragma once

#include "server/compilation.h"
#include "server/core.h"
#include "server/language.h"
#include "server/peer.h"
#include "server/refusals.h"
#include "server/runner_slot.h"
#include "server/toolchains.h"

struct mc_server {
    struct mc_core core;
    struct mc_peers peers;
    struct mc_toolchains toolchains;
    struct mc_compilations compilations;
    struct mc_refusals refusals;
    struct mc_runner_slots runners;
    struct mc_languages languages;

    struct mc_list requests; /* not answered yet */
    struct mc_task settled;  /* posted when one was answered */
    bool leaving;            /* finish what is open, take nothing new, then stop */
    int64_t idle_since;
    int64_t started_at;

    void *zmq;
    void *router;
    char *socket_path;
    int lock_fd;
    int signal_fd;
    int work_fd; /* the work directory, by which it is known again */
    bool bound;
    struct mc_watch router_watch;
    struct mc_watch signal_watch;
    struct mc_timer idle_timer;  /* looks at idleness and at whose the socket is */
    struct mc_timer cache_timer; /* lets the cache write its counters */
};
