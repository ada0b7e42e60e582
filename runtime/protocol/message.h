/* One message of docs/protocol.md, for both sides: a JSON header in UTF-8 and binary frames, on the
 * ROUTER's side with the identity of the peer before them, and with a REQ peer's empty delimiter.
 * The message owns its parts: what header and frames point to lives until mc_message_fini. */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <zmq.h>

#include <stddef.h>

#define MC_MESSAGE_MAX_HEADER   ((size_t) 16 << 20)
#define MC_MESSAGE_MAX_FRAMES   64
#define MC_MESSAGE_MAX_BYTES    ((size_t) 256 << 20) /* header and frames together */
#define MC_MESSAGE_MAX_IDENTITY 255

/* Bytes of somebody else's. */
struct mc_frame {
    const void *bytes;
    size_t length;
};

struct mc_message {
    char identity[MC_MESSAGE_MAX_IDENTITY]; /* of the peer; a ROUTER's message alone has one */
    size_t identity_length;
    int connection;       /* descriptor of libzmq's that it came by; -1 where it does not say */
    bool delimited;       /* from a REQ: the answer begins with an empty frame as well */
    json_t *header;       /* an object; NULL where the message is malformed */
    struct mc_frame text; /* the header as it came */
    size_t frame_count;
    size_t first_frame; /* among the parts */
    size_t part_count;
    zmq_msg_t parts[3 + MC_MESSAGE_MAX_FRAMES];
};

/* Takes one message from the socket without waiting. Returns 1 with *ret filled; 0 where there is
 * none; 2 where there was one that is no message of the protocol: *err says what is wrong with it
 * (INVALID_REQUEST or TOO_LARGE), *ret has the identity and `delimited`, so that it can be
 * answered, and neither header nor frames. -1: the socket failed, nothing is in *ret. After 1 and
 * 2, mc_message_fini(ret). */
int mc_message_recv(void *socket, bool router, struct mc_message *ret, mc_err *err) MC_MUST_USE;

/* Of a zeroed message, too. */
void mc_message_fini(struct mc_message *message);

/* Binary frame `i` < frame_count: the message's own bytes. */
struct mc_frame mc_message_frame(const struct mc_message *message, size_t i);

static inline const void *mc_message_frame_data(const struct mc_message *message, size_t i)
{
    return mc_message_frame(message, i).bytes;
}

static inline size_t mc_message_frame_size(const struct mc_message *message, size_t i)
{
    return mc_message_frame(message, i).length;
}

/* Where a message goes: all zero on a DEALER. */
struct mc_route {
    struct mc_frame identity; /* on a ROUTER */
    bool delimited;
};

/* Sends without waiting; everything is copied. Returns 1 where the route's peer is not there any
 * more (a ROUTER with ROUTER_MANDATORY), -1 with BUSY where the socket's high-water mark is
 * reached; nothing was sent then. */
int mc_message_send(void *socket,
                    const struct mc_route *route,
                    const json_t *header,
                    const struct mc_frame *frames,
                    size_t count,
                    mc_err *err) MC_MUST_USE;

/* The same with the header as text. */
int mc_message_send_text(void *socket,
                         const struct mc_route *route,
                         struct mc_frame header,
                         const struct mc_frame *frames,
                         size_t count,
                         mc_err *err) MC_MUST_USE;

/* What the parts of a message are: the pure half of mc_message_recv. `ret` points into the parts.
 * Returns 0, or -1 with the reason; *ret then has the identity and `delimited` as far as they could
 * be told. */
struct mc_shape {
    struct mc_frame identity;
    bool delimited;
    json_t *header; /* a new reference */
    struct mc_frame text;
    size_t first_frame;
};
int mc_message_parse(const struct mc_frame *parts,
                     size_t count,
                     bool router,
                     struct mc_shape *ret,
                     mc_err *err) MC_MUST_USE;

#define mc_automessage __attribute__((cleanup(mc_message_fini))) struct mc_message
