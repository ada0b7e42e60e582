#include "server/peer.h"

#include "base/mem.h"
#include "base/os.h"
#include "server/request.h"
#include "server/server.h"

#include <zmq.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t SILENT_NS = 3600LL * 1000000000;

static void peer_free(struct mc_peer *peer)
{
    mc_loop_remove(&peer->server->loop, &peer->watch);
    if (peer->pidfd >= 0) {
        close(peer->pidfd);
    }
    free(peer->identity);
    free(peer);
}

static void on_peer_death(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_peer *peer = watch->owner;
    struct mc_server *server = peer->server;
    peer->gone = true;
    watch->events = 0;
    peer->open++; /* it must outlive the requests that end now */
    mc_request_cancel_all(server, peer);
    peer->open--;
    mc_peer_sweep(server);
}

struct mc_peer *mc_peer_get(struct mc_server *server, const void *identity, size_t length)
{
    for (struct mc_peer *peer = server->peers; peer; peer = peer->next) {
        if (peer->identity_length == length && memcmp(peer->identity, identity, length) == 0) {
            peer->seen = mc_os_now();
            return peer;
        }
    }
    mc_autofree struct mc_peer *peer = calloc(1, sizeof *peer);
    mc_autofree void *copy = malloc(length ? length : 1);
    if (!peer || !copy) {
        return NULL;
    }
    memcpy(copy, identity, length);
    peer->server = server;
    peer->identity = mc_take(&copy);
    peer->identity_length = length;
    peer->pidfd = -1;
    peer->seen = mc_os_now();
    peer->next = server->peers;
    server->peers = peer;
    return mc_take(&peer);
}

void mc_peer_greet(struct mc_peer *peer, pid_t pid)
{
    mc_err err;
    peer->greeted = true;
    if (pid <= 0 || peer->pidfd >= 0) {
        return;
    }
    peer->pid = pid;
    if (mc_os_pidfd(pid, &peer->pidfd, &err) < 0) {
        peer->pidfd = -1;
        return;
    }
    peer->watch = (struct mc_watch) {
        .fd = peer->pidfd, .events = ZMQ_POLLIN, .ready = on_peer_death, .owner = peer};
    if (mc_loop_add(&peer->server->loop, &peer->watch, &err) < 0) {
        mc_log("watch peer %d: %s", (int) pid, err.message);
    }
}

void mc_peer_send(struct mc_peer *peer,
                  bool delimited,
                  const json_t *header,
                  const struct mc_frame *frames,
                  size_t count)
{
    mc_err err;
    struct mc_route route = {.identity = {peer->identity, peer->identity_length},
                             .delimited = delimited};
    if (peer->gone) {
        return;
    }
    int sent = mc_message_send(peer->server->router, &route, header, frames, count, &err);
    if (sent < 0) {
        mc_log("send: %s", err.message);
    }
    peer->gone = sent != 0;
}

void mc_peer_sweep(struct mc_server *server)
{
    int64_t now = mc_os_now();
    struct mc_peer **link = &server->peers;
    while (*link) {
        struct mc_peer *peer = *link;
        bool silent = peer->pidfd < 0 && now - peer->seen > SILENT_NS;
        if (peer->open == 0 && (peer->gone || silent)) {
            *link = peer->next;
            peer_free(peer);
        } else {
            link = &peer->next;
        }
    }
}

void mc_peer_free_all(struct mc_server *server)
{
    while (server->peers) {
        struct mc_peer *peer = server->peers;
        server->peers = peer->next;
        peer_free(peer);
    }
}
