#include "server/peer.h"

#include "base/mem.h"
#include "base/os.h"
#include "protocol/fields.h"
#include "server/descriptors.h"

#include <zmq.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t SILENT_NS = 3600LL * 1000000000;
static const char MONITOR[] = "inproc://connections";

/* A process that peers live in: however many they are, it is watched once. */
struct mc_process {
    struct mc_peers *peers;
    struct mc_node node;
    pid_t pid;
    int pidfd;
    struct mc_watch watch;
    struct mc_list members;
};

/* ---- its end ---- */

static void process_free(struct mc_process *process)
{
    mc_node_remove(&process->node);
    mc_loop_remove(&process->peers->core->loop, &process->watch);
    if (process->pidfd >= 0) {
        close(process->pidfd);
    }
    free(process);
}

static void leave_process(struct mc_peer *peer)
{
    struct mc_process *process = peer->process;
    peer->process = NULL;
    mc_node_remove(&peer->in_process);
    if (process && mc_list_empty(&process->members)) {
        process_free(process);
    }
}

static void peer_free(struct mc_peer *peer)
{
    mc_node_remove(&peer->node);
    leave_process(peer);
    free(peer->identity);
    free(peer);
}

static void on_sweep(struct mc_task *task)
{
    mc_peers_sweep(task->owner);
}

void mc_peers_sweep(struct mc_peers *peers)
{
    int64_t now = mc_os_now();
    MC_LIST_EACH(&peers->all, struct mc_peer, peer, node)
    {
        bool silent = !peer->process && now - peer->seen > SILENT_NS;
        if (peer->gone && !peer->told) {
            peer->told = true;
            peers->left(peers, peer);
        }
        if (peer->open == 0 && (peer->gone || silent)) {
            peer_free(peer);
        }
    }
}

void mc_peer_drop(struct mc_peer *peer)
{
    peer->gone = true;
    mc_loop_post(&peer->peers->core->loop, &peer->peers->sweep);
}

void mc_peer_let_go(struct mc_peer *peer)
{
    peer->open--;
    if (peer->gone) {
        mc_peer_drop(peer);
    }
}

static void on_process_end(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_process *process = watch->owner;
    watch->events = 0;
    MC_LIST_EACH(&process->members, struct mc_peer, peer, in_process)
    {
        mc_peer_drop(peer);
    }
}

/* ---- connections that end ---- */

static void note_connection(struct mc_peers *peers, int connection, bool is_there)
{
    struct mc_buf *connected = &peers->connected;
    while (connection >= 0 && connected->length <= (size_t) connection && !connected->failed) {
        mc_buf_addc(connected, 0);
    }
    if (connection >= 0 && connected->length > (size_t) connection) {
        connected->data[connection] = is_there;
    }
}

/* What is not known, for want of memory or of libzmq's word, is there. */
static bool is_connected(const struct mc_peers *peers, int connection)
{
    const struct mc_buf *connected = &peers->connected;
    return connection < 0 || connected->length <= (size_t) connection ||
           connected->data[connection];
}

static void on_disconnected(struct mc_peers *peers, int connection)
{
    note_connection(peers, connection, false);
    MC_LIST_EACH(&peers->all, struct mc_peer, peer, node)
    {
        if (peer->connection == connection) {
            peer->connection = -1;
            mc_peer_drop(peer);
        }
    }
}

/* A message of the monitor: {event, value}, then the endpoint. Returns false where there is none.
 */
static bool read_monitor(void *monitor, uint16_t *ret_event, int *ret_value)
{
    char first[sizeof(uint16_t) + sizeof(int32_t)];
    int length = zmq_recv(monitor, first, sizeof first, ZMQ_DONTWAIT);
    if (length < 0) {
        return false;
    }
    int32_t value = -1;
    *ret_event = 0;
    if (length == (int) sizeof first) {
        memcpy(ret_event, first, sizeof *ret_event);
        memcpy(&value, first + sizeof *ret_event, sizeof value);
    }
    *ret_value = value;
    int more = 1;
    size_t size = sizeof more;
    while (zmq_getsockopt(monitor, ZMQ_RCVMORE, &more, &size) == 0 && more) {
        zmq_recv(monitor, first, 0, 0);
    }
    return true;
}

static void read_monitor_all(struct mc_peers *peers)
{
    uint16_t event;
    int value;
    while (read_monitor(peers->monitor, &event, &value)) {
        if (event == ZMQ_EVENT_ACCEPTED) {
            note_connection(peers, value, true);
        } else if (event == ZMQ_EVENT_DISCONNECTED) {
            on_disconnected(peers, value);
        }
    }
}

static void on_monitor(struct mc_watch *watch, short revents)
{
    (void) revents;
    read_monitor_all(watch->owner);
}

/* ---- its beginning ---- */

static struct mc_peer *find(struct mc_peers *peers, const void *identity, size_t length)
{
    MC_LIST_EACH(&peers->all, struct mc_peer, peer, node)
    {
        if (!peer->gone && peer->identity_length == length &&
            memcmp(peer->identity, identity, length) == 0) {
            return peer;
        }
    }
    return NULL;
}

static struct mc_peer *peer_new(struct mc_peers *peers, const struct mc_message *message)
{
    mc_autofree struct mc_peer *peer = mc_new(struct mc_peer);
    mc_autofree void *copy = malloc(message->identity_length ? message->identity_length : 1);
    if (!peer || !copy) {
        return NULL;
    }
    memcpy(copy, message->identity, message->identity_length);
    peer->peers = peers;
    peer->identity = mc_take(&copy);
    peer->identity_length = message->identity_length;
    peer->connection = -1;
    peer->refused = mc_descriptors_crowded();
    mc_list_add(&peers->all, &peer->node);
    return mc_take(&peer);
}

struct mc_peer *mc_peer_get(struct mc_peers *peers, const struct mc_message *message, mc_err *err)
{
    struct mc_peer *peer = find(peers, message->identity, message->identity_length);
    if (!peer || peer->connection != message->connection) {
        /* The number may have been another's, whose end is told already; and what somebody sent
         * before he left comes after that is told. */
        read_monitor_all(peers);
        peer = find(peers, message->identity, message->identity_length);
    }
    if (!is_connected(peers, message->connection)) {
        err->code = MC_NOT_FOUND; /* nobody will read why */
        return NULL;
    }
    if (!peer && !(peer = peer_new(peers, message))) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory for a peer");
        return NULL;
    }
    peer->connection = message->connection;
    peer->seen = mc_os_now();
    return peer;
}

static struct mc_process *find_process(struct mc_peers *peers, pid_t pid)
{
    MC_LIST_EACH(&peers->processes, struct mc_process, process, node)
    {
        if (process->pid == pid && process->watch.events) {
            return process;
        }
    }
    return NULL;
}

static struct mc_process *process_new(struct mc_peers *peers, pid_t pid)
{
    mc_err err;
    struct mc_process *process = mc_new(struct mc_process);
    if (!process) {
        return NULL;
    }
    process->peers = peers;
    process->pid = pid;
    mc_list_init(&process->members);
    mc_list_add(&peers->processes, &process->node);
    if (mc_os_pidfd(pid, &process->pidfd, &err) < 0) {
        process->pidfd = -1;
    }
    process->watch = (struct mc_watch) {
        .fd = process->pidfd, .events = ZMQ_POLLIN, .ready = on_process_end, .owner = process};
    if (process->pidfd < 0 || mc_loop_add(&peers->core->loop, &process->watch, &err) < 0) {
        mc_log("watch peer %d: %s", (int) pid, err.message);
        process_free(process);
        return NULL;
    }
    return process;
}

void mc_peer_greet(struct mc_peer *peer, pid_t pid)
{
    struct mc_peers *peers = peer->peers;
    peer->greeted = true;
    if (pid <= 0 || peer->process) {
        return;
    }
    peer->process = find_process(peers, pid);
    if (!peer->process) {
        peer->process = process_new(peers, pid);
    }
    if (peer->process) {
        mc_list_add(&peer->process->members, &peer->in_process);
    }
}

static struct mc_route route_to(const struct mc_peer *peer, bool delimited)
{
    return (struct mc_route) {.identity = {peer->identity, peer->identity_length},
                              .delimited = delimited};
}

int mc_peer_send(struct mc_peer *peer,
                 bool delimited,
                 const json_t *header,
                 const struct mc_frame *frames,
                 size_t count,
                 mc_err *err)
{
    struct mc_route route = route_to(peer, delimited);
    if (peer->gone) {
        return 0;
    }
    if (!header) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    int sent = mc_message_send(peer->peers->router, &route, header, frames, count, err);
    if (sent < 0 && (err->code == MC_NO_MEMORY || err->code == MC_TOO_LARGE)) {
        return -1;
    }
    if (sent < 0) {
        mc_log("send: %s", err->message);
    }
    if (sent != 0) { /* a gap would be taken for the whole: the peer is given up */
        mc_peer_drop(peer);
    }
    return 0;
}

/* JSON's escapes for what an id may have beside plain characters. */
static void add_escaped(char *text, size_t size, const char *id)
{
    size_t length = 0;
    for (const unsigned char *c = (const unsigned char *) id; *c && length + 7 < size; c++) {
        bool plain = *c >= ' ' && *c != '"' && *c != '\\';
        length += (size_t) snprintf(text + length, size - length, plain ? "%c" : "\\u%04x", *c);
    }
}

/* Returns as mc_message_send does. */
static int
send_plain(struct mc_peers *peers, const struct mc_route *route, const char *id, const mc_err *why)
{
    mc_err err = {0};
    char escaped[512] = "";
    char text[1280];
    add_escaped(escaped, sizeof escaped, id);
    int length = snprintf(text,
                          sizeof text,
                          "{\"id\": \"%s\", \"event\": \"error\", \"code\": \"%s\", "
                          "\"message\": \"%s\"}",
                          escaped,
                          mc_code_name(why->code),
                          why->message);
    struct mc_frame header = {text, (size_t) length};
    int sent = mc_message_send_text(peers->router, route, header, NULL, 0, &err);
    if (sent < 0) {
        mc_log("send: %s", err.message);
    }
    return sent;
}

void mc_peer_send_plain(struct mc_peer *peer, bool delimited, const char *id, const mc_err *err)
{
    struct mc_route route = route_to(peer, delimited);
    if (!peer->gone && send_plain(peer->peers, &route, id, err) != 0) {
        mc_peer_drop(peer);
    }
}

void mc_peers_refuse(struct mc_peers *peers, const struct mc_message *message, const mc_err *err)
{
    struct mc_route route = {.identity = {message->identity, message->identity_length},
                             .delimited = message->delimited};
    const char *id = mc_fields_id(message->header);
    send_plain(peers, &route, id ? id : "", err);
}

int mc_peers_open(
    struct mc_peers *peers, struct mc_core *core, void *zmq, void *router, mc_err *err)
{
    peers->core = core;
    peers->router = router;
    peers->sweep = (struct mc_task) {.go = on_sweep, .owner = peers};
    if (zmq_socket_monitor(router, MONITOR, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) < 0 ||
        !(peers->monitor = zmq_socket(zmq, ZMQ_PAIR)) || zmq_connect(peers->monitor, MONITOR) < 0) {
        return mc_err_set(err, MC_SYSTEM, "watch connections: %s", zmq_strerror(zmq_errno()));
    }
    peers->monitor_watch = (struct mc_watch) {.fd = -1,
                                              .socket = peers->monitor,
                                              .events = ZMQ_POLLIN,
                                              .ready = on_monitor,
                                              .owner = peers};
    return mc_loop_add(&core->loop, &peers->monitor_watch, err);
}

void mc_peers_close(struct mc_peers *peers)
{
    MC_LIST_EACH(&peers->all, struct mc_peer, peer, node)
    {
        peer_free(peer);
    }
    if (peers->monitor) {
        mc_loop_remove(&peers->core->loop, &peers->monitor_watch);
        zmq_socket_monitor(peers->router, NULL, 0);
        zmq_close(peers->monitor);
    }
    mc_buf_fini(&peers->connected);
}
