/* A peer: one ZeroMQ identity that has sent something. Made at its first message; ends when its
 * connection or the process that hello named has ended, when it cannot be reached, or when it has
 * been silent without open requests for an hour. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "protocol/message.h"
#include "server/core.h"

#include <jansson.h>

struct mc_peer;
struct mc_process;

struct mc_peers {
    struct mc_core *core;
    void *router;
    void *monitor; /* tells of connections that come and go */
    struct mc_watch monitor_watch;
    struct mc_buf connected; /* a byte for each descriptor's number: whether it is one of them */
    struct mc_list all;
    struct mc_list processes; /* that hello named, each once */
    struct mc_task sweep;
    /* The peer cannot be reached any more: whoever is not there needs no answer. From the loop,
     * once for each. */
    void (*left)(struct mc_peers *peers, struct mc_peer *peer);
};

struct mc_peer {
    struct mc_peers *peers;
    struct mc_node node;
    void *identity;
    size_t identity_length;
    int connection;             /* descriptor of libzmq's; -1 where it does not say */
    bool greeted;               /* said hello */
    bool refused;               /* there are too many */
    bool gone;                  /* cannot be reached any more */
    bool told;                  /* and `left` was called */
    int open;                   /* requests */
    int64_t seen;               /* mc_os_now() of its last message */
    struct mc_process *process; /* or NULL */
    struct mc_node in_process;
};

int mc_peers_open(
    struct mc_peers *peers, struct mc_core *core, void *zmq, void *router, mc_err *err) MC_MUST_USE;
void mc_peers_close(struct mc_peers *peers);

/* The peer that sent the message, made where it is new; NULL when out of memory, or (err->code is
 * MC_NOT_FOUND) where who sent it is there no more. */
struct mc_peer *mc_peer_get(struct mc_peers *peers, const struct mc_message *message, mc_err *err);

/* Notes that the peer said hello; `pid` above 0 ties it to that process. */
void mc_peer_greet(struct mc_peer *peer, pid_t pid);

/* Sends header and frames; a peer that is not there any more is marked gone. `delimited`: it is a
 * REQ socket. -1 with NO_MEMORY (a header of NULL is that, too) or TOO_LARGE: nothing was sent. */
int mc_peer_send(struct mc_peer *peer,
                 bool delimited,
                 const json_t *header,
                 const struct mc_frame *frames,
                 size_t count,
                 mc_err *err) MC_MUST_USE;

/* The last event of a request for which mc_peer_send failed: an `error`, made without memory. The
 * message of `err` is plain text. */
void mc_peer_send_plain(struct mc_peer *peer, bool delimited, const char *id, const mc_err *err);
/* The same to one who could not be made a peer. */
void mc_peers_refuse(struct mc_peers *peers, const struct mc_message *message, const mc_err *err);

/* One of its requests was answered. */
void mc_peer_let_go(struct mc_peer *peer);
/* It is gone: what it asked is not wanted, and nothing of it is kept. */
void mc_peer_drop(struct mc_peer *peer);

/* Ends peers that are gone, or silent, and have nothing open; from the loop. */
void mc_peers_sweep(struct mc_peers *peers);
