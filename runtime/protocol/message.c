#include "protocol/message.h"

#include "base/json.h"
#include "base/mem.h"

#include <string.h>

enum { MC_MAX_PARTS = MC_LENGTH(((struct mc_message *) NULL)->parts) };

/* The parser's own message quotes the text, which may be a user's source: only the place is told.
 */
static int parse_header(struct mc_frame text, json_t **ret, mc_err *err)
{
    json_error_t error;
    if (text.length > MC_MESSAGE_MAX_HEADER) {
        return mc_err_set(err,
                          MC_TOO_LARGE,
                          "the header has %zu bytes, more than %zu",
                          text.length,
                          MC_MESSAGE_MAX_HEADER);
    }
    mc_json_refused();
    json_t *header = mc_json_read(text.bytes, text.length, JSON_REJECT_DUPLICATES, &error);
    if (mc_json_refused()) {
        json_decref(header);
        return mc_err_set(err, MC_NO_MEMORY, "out of memory for a header");
    }
    if (!header) {
        return mc_err_set(err,
                          MC_INVALID_REQUEST,
                          "the header is not valid JSON in UTF-8 (line %d, column %d)",
                          error.line,
                          error.column);
    }
    if (!json_is_object(header)) {
        json_decref(header);
        return mc_err_set(err, MC_INVALID_REQUEST, "the header is not a JSON object");
    }
    *ret = header;
    return 0;
}

static size_t total(const struct mc_frame *parts, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += parts[i].length;
    }
    return bytes;
}

int mc_message_parse(
    const struct mc_frame *parts, size_t count, bool router, struct mc_shape *ret, mc_err *err)
{
    size_t at = 0;
    *ret = (struct mc_shape) {0};
    if (router) {
        if (count == 0 || parts[0].length > MC_MESSAGE_MAX_IDENTITY) {
            return mc_err_set(err, MC_INVALID_REQUEST, "a message without an identity");
        }
        ret->identity = parts[at++];
    }
    /* An empty frame is no JSON: first, it can only be a delimiter. */
    ret->delimited = at < count && parts[at].length == 0;
    at += ret->delimited;
    if (at == count) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a message without a header");
    }
    if (count - at - 1 > MC_MESSAGE_MAX_FRAMES) {
        return mc_err_set(
            err, MC_TOO_LARGE, "a message has more than %d frames", MC_MESSAGE_MAX_FRAMES);
    }
    if (total(parts + at, count - at) > MC_MESSAGE_MAX_BYTES) {
        return mc_err_set(
            err, MC_TOO_LARGE, "a message has more than %zu bytes", MC_MESSAGE_MAX_BYTES);
    }
    ret->text = parts[at];
    ret->first_frame = at + 1;
    return parse_header(ret->text, &ret->header, err);
}

static int receive_part(void *socket, zmq_msg_t *part)
{
    int got;
    zmq_msg_init(part);
    do {
        got = zmq_msg_recv(part, socket, ZMQ_DONTWAIT);
    } while (got < 0 && zmq_errno() == EINTR);
    if (got < 0) {
        zmq_msg_close(part);
    }
    return got < 0 ? -1 : 0;
}

/* All parts of one message, those beyond the limit dropped. Returns 0 where there is none, 2 where
 * parts were dropped. */
static int receive_parts(void *socket, struct mc_message *ret, mc_err *err)
{
    bool more = true;
    bool dropped = false;
    ret->part_count = 0;
    while (more) {
        zmq_msg_t extra;
        bool keep = ret->part_count < MC_MAX_PARTS;
        zmq_msg_t *part = keep ? &ret->parts[ret->part_count] : &extra;
        if (receive_part(socket, part) < 0) {
            if (zmq_errno() == EAGAIN && ret->part_count == 0) {
                return 0;
            }
            return mc_err_set(err, MC_SYSTEM, "receive: %s", zmq_strerror(zmq_errno()));
        }
        more = zmq_msg_more(part);
        if (keep) {
            ret->part_count++;
        } else {
            zmq_msg_close(part);
            dropped = true;
        }
    }
    return dropped ? 2 : 1;
}

static void take_shape(struct mc_message *message, const struct mc_shape *shape, bool whole)
{
    memcpy(message->identity,
           shape->identity.length ? shape->identity.bytes : "",
           shape->identity.length);
    message->identity_length = shape->identity.length;
    message->delimited = shape->delimited;
    if (whole) {
        message->header = shape->header;
        message->text = shape->text;
        message->first_frame = shape->first_frame;
        message->frame_count = message->part_count - shape->first_frame;
    }
}

int mc_message_recv(void *socket, bool router, struct mc_message *ret, mc_err *err)
{
    struct mc_frame parts[MC_MAX_PARTS];
    struct mc_shape shape;
    *ret = (struct mc_message) {0};
    int got = receive_parts(socket, ret, err);
    if (got <= 0) {
        mc_message_fini(ret);
        return got;
    }
    for (size_t i = 0; i < ret->part_count; i++) {
        parts[i] = (struct mc_frame) {zmq_msg_data(&ret->parts[i]), zmq_msg_size(&ret->parts[i])};
    }
    ret->connection = zmq_msg_get(&ret->parts[ret->part_count - 1], ZMQ_SRCFD);
    int parsed = mc_message_parse(parts, ret->part_count, router, &shape, err);
    if (parsed == 0 && got == 2) {
        json_decref(shape.header);
        parsed = mc_err_set(
            err, MC_TOO_LARGE, "a message has more than %d frames", MC_MESSAGE_MAX_FRAMES);
    }
    take_shape(ret, &shape, parsed == 0);
    return parsed < 0 ? 2 : 1;
}

void mc_message_fini(struct mc_message *message)
{
    json_decref(message->header);
    for (size_t i = 0; i < message->part_count; i++) {
        zmq_msg_close(&message->parts[i]);
    }
    message->header = NULL;
    message->part_count = message->frame_count = 0;
}

struct mc_frame mc_message_frame(const struct mc_message *message, size_t i)
{
    /* libzmq's accessor of the bytes takes a pointer that is not const, and changes nothing. */
    zmq_msg_t *part = (zmq_msg_t *) &message->parts[message->first_frame + i];
    return (struct mc_frame) {zmq_msg_data(part), zmq_msg_size(part)};
}

/* 1 where the peer is unknown to a mandatory router. */
static int send_part(void *socket, struct mc_frame part, bool more, mc_err *err)
{
    int sent;
    do {
        sent = zmq_send(socket, part.bytes, part.length, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    } while (sent < 0 && zmq_errno() == EINTR);
    if (sent >= 0) {
        return 0;
    }
    switch (zmq_errno()) {
    case EHOSTUNREACH:
        return 1;
    case EAGAIN:
        return mc_err_set(err, MC_BUSY, "the peer takes no more messages");
    default:
        return mc_err_set(err, MC_SYSTEM, "send: %s", zmq_strerror(zmq_errno()));
    }
}

int mc_message_send_text(void *socket,
                         const struct mc_route *route,
                         struct mc_frame header,
                         const struct mc_frame *frames,
                         size_t count,
                         mc_err *err)
{
    struct mc_frame parts[MC_MAX_PARTS];
    size_t n = 0;
    if (count > MC_MESSAGE_MAX_FRAMES || header.length > MC_MESSAGE_MAX_HEADER ||
        header.length + total(frames, count) > MC_MESSAGE_MAX_BYTES) {
        return mc_err_set(err,
                          MC_TOO_LARGE,
                          "a message has at most %d frames, %zu bytes of header and %zu in all",
                          MC_MESSAGE_MAX_FRAMES,
                          MC_MESSAGE_MAX_HEADER,
                          MC_MESSAGE_MAX_BYTES);
    }
    if (route && route->identity.length) {
        parts[n++] = route->identity;
    }
    if (route && route->delimited) {
        parts[n++] = (struct mc_frame) {"", 0};
    }
    parts[n++] = header;
    for (size_t i = 0; i < count; i++) {
        parts[n++] = frames[i];
    }
    for (size_t i = 0; i < n; i++) {
        int sent = send_part(socket, parts[i], i + 1 < n, err);
        if (sent) {
            return sent;
        }
    }
    return 0;
}

int mc_message_send(void *socket,
                    const struct mc_route *route,
                    const json_t *header,
                    const struct mc_frame *frames,
                    size_t count,
                    mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    if (mc_json_text(header, JSON_COMPACT, &text, err) < 0) {
        return mc_err_wrap(err, "encode a header");
    }
    return mc_message_send_text(
        socket, route, (struct mc_frame) {text.data, text.length}, frames, count, err);
}
