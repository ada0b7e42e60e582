/* A peer: one ZeroMQ identity that has sent something. Made at its first message; ends with its
 * process where hello told a pid, when it cannot be reached, or when it has been silent without
 * open requests for an hour. */
#pragma once

#include "base/err.h"
#include "protocol/message.h"
#include "server/loop.h"

#include <jansson.h>

struct mc_server;

struct mc_peer {
    struct mc_server *server;
    void *identity;
    size_t identity_length;
    bool greeted; /* said hello */
    bool gone;    /* cannot be reached any more */
    int open;     /* requests */
    pid_t pid;    /* 0: not told */
    int pidfd;    /* -1 */
    int64_t seen; /* mc_os_now() of its last message */
    struct mc_watch watch;
    struct mc_peer *next;
};

/* The peer of that identity, made where it is new; NULL when out of memory. */
struct mc_peer *mc_peer_get(struct mc_server *server, const void *identity, size_t length);

/* Notes that the peer said hello; `pid` above 0 ties it to that process. */
void mc_peer_greet(struct mc_peer *peer, pid_t pid);

/* Sends header and frames; a peer that is not there any more is marked gone. `delimited`: it is a
 * REQ socket. */
void mc_peer_send(struct mc_peer *peer,
                  bool delimited,
                  const json_t *header,
                  const struct mc_frame *frames,
                  size_t count);

/* Ends peers that are gone and have nothing open. */
void mc_peer_sweep(struct mc_server *server);
void mc_peer_free_all(struct mc_server *server);
