#include "server/request.h"

#include "base/mem.h"
#include "base/os.h"
#include "mojo/cell.h"
#include "protocol/message.h"
#include "server/compilation.h"
#include "server/identified.h"
#include "server/ops.h"
#include "server/prepared.h"
#include "server/read.h"
#include "server/run.h"
#include "server/server.h"
#include "server/steps.h"

#include <stdlib.h>
#include <string.h>

static void request_free(struct mc_request *request)
{
    mc_cell_free(request->cell);
    mc_cell_io_fini(&request->io);
    mc_prepared_free(request->prepared);
    free(request->toolchain_root);
    free(request->artifact);
    free(request->input);
    free(request->id);
    json_decref(request->meta);
    json_decref(request->result);
    json_decref(request->header);
    mc_buf_fini(&request->out);
    mc_buf_fini(&request->err);
    free(request);
}

/* Takes the request away from everything it waits for. */
static void detach(struct mc_request *request)
{
    mc_identified_leave(request);
    mc_compilation_leave(request);
    mc_run_abandon(request);
}

static void unlink_request(struct mc_request *request)
{
    struct mc_request **link = &request->server->requests;
    while (*link != request) {
        link = &(*link)->next;
    }
    *link = request->next;
    request->peer->open--;
}

static json_t *event_header(const struct mc_request *request, const char *event, json_t *fields)
{
    json_t *header = fields ? fields : json_object();
    json_object_set_new(header, "id", json_string(request->id));
    json_object_set_new(header, "event", json_string(event));
    return header;
}

void mc_request_event(struct mc_request *request, const char *event, json_t *fields)
{
    json_t *header = event_header(request, event, fields);
    if (!request->delimited) {
        mc_peer_send(request->peer, false, header, NULL, 0);
    }
    json_decref(header);
}

void mc_request_output(struct mc_request *request, bool is_stderr, const void *bytes, size_t length)
{
    if (request->delimited) {
        mc_buf_add(is_stderr ? &request->err : &request->out, bytes, length);
        return;
    }
    struct mc_frame part = {.bytes = bytes, .length = length};
    json_t *header = event_header(
        request, is_stderr ? "stderr" : "stdout", json_pack("{s:I}", "bytes", (json_int_t) length));
    mc_peer_send(request->peer, false, header, &part, 1);
    json_decref(header);
}

static void send_last(struct mc_request *request, const char *event, json_t *fields)
{
    struct mc_server *server = request->server;
    json_t *header = event_header(request, event, fields);
    struct mc_frame parts[] = {{request->out.data ? request->out.data : "", request->out.length},
                               {request->err.data ? request->err.data : "", request->err.length}};
    bool collected = request->delimited && request->op == MC_OP_RUN;
    mc_peer_send(
        request->peer, request->delimited, header, parts, collected ? MC_LENGTH(parts) : 0);
    json_decref(header);
    detach(request);
    unlink_request(request);
    request_free(request);
    mc_peer_sweep(server);
    server->idle_since = mc_os_now();
    mc_server_maybe_leave(server);
}

void mc_request_finish(struct mc_request *request, bool ok, json_t *fields)
{
    json_object_set_new(fields, "ok", json_boolean(ok));
    send_last(request, "result", fields);
}

json_t *mc_failure(const char *code, const char *message, const char *hint)
{
    json_t *failure = json_pack("{s:s, s:s%}", "code", code, "message", message, strlen(message));
    if (!failure) { /* bytes that are no UTF-8: a path, say */
        failure =
            json_pack("{s:s, s:s}", "code", code, "message", "(the message is not valid text)");
    }
    if (hint && *hint) {
        json_object_set_new(failure, "hint", json_string(hint));
    }
    return failure;
}

void mc_request_fail(struct mc_request *request, const mc_err *err)
{
    send_last(request, "error", mc_failure(mc_code_name(err->code), err->message, err->hint));
}

void mc_request_refuse(struct mc_request *request, json_t *failure)
{
    json_t *result = request->result ? json_incref(request->result) : json_object();
    json_object_set_new(result, "failure", failure);
    mc_request_finish(request, false, result);
}

void mc_request_cancel(struct mc_request *request)
{
    mc_err err;
    if (request->run) {
        mc_run_cancel(request); /* the end of the program answers */
        return;
    }
    mc_err_set(&err, MC_CANCELLED, "the request was cancelled");
    mc_request_fail(request, &err);
}

void mc_request_cancel_all(struct mc_server *server, const struct mc_peer *peer)
{
    struct mc_request *next;
    for (struct mc_request *request = server->requests; request; request = next) {
        next = request->next;
        if (!peer || request->peer == peer) {
            mc_request_cancel(request);
        }
    }
}

struct mc_request *
mc_request_find(struct mc_server *server, const struct mc_peer *peer, const char *id)
{
    for (struct mc_request *request = server->requests; request; request = request->next) {
        if (request->peer == peer && strcmp(request->id, id) == 0) {
            return request;
        }
    }
    return NULL;
}

/* Answers a message from which no request can be made. */
static void reply_error(struct mc_peer *peer, bool delimited, const char *id, const mc_err *err)
{
    json_t *header = mc_failure(mc_code_name(err->code), err->message, err->hint);
    json_object_set_new(header, "id", json_string(id));
    json_object_set_new(header, "event", json_string("error"));
    mc_peer_send(peer, delimited, header, NULL, 0);
    json_decref(header);
}

/* Checks what every request has: an id that is free, an op, and a protocol this daemon speaks. */
static int check_envelope(struct mc_server *server,
                          struct mc_peer *peer,
                          const json_t *header,
                          enum mc_op *ret_op,
                          mc_err *err)
{
    const char *id = json_string_value(json_object_get(header, "id"));
    const char *name = json_string_value(json_object_get(header, "op"));
    const json_t *protocol = json_object_get(header, "protocol");
    if (!id || !*id || strlen(id) > 64) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a request needs an 'id' of 1 to 64 characters");
    }
    if (!name) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a request needs an 'op'");
    }
    if (protocol && json_integer_value(protocol) != 1) {
        mc_err_set(err, MC_PROTOCOL, "this daemon speaks protocol 1");
        return mc_err_hint(err, "use the client that came with this version (%s)", MC_VERSION);
    }
    *ret_op = mc_read_op(name);
    if (*ret_op == MC_OP_COUNT) {
        return mc_err_set(err, MC_UNKNOWN_OP, "there is no operation '%.60s'", name);
    }
    if (!protocol && !peer->greeted && *ret_op != MC_OP_CREDIT) {
        mc_err_set(err, MC_PROTOCOL, "the first request must be 'hello'");
        return mc_err_hint(err, "or put \"protocol\": 1 on the request");
    }
    if (mc_request_find(server, peer, id) && *ret_op != MC_OP_CREDIT) {
        return mc_err_set(
            err, MC_INVALID_REQUEST, "the id '%s' belongs to a request that is still open", id);
    }
    if (server->leaving && (*ret_op == MC_OP_COMPILE || *ret_op == MC_OP_RUN)) {
        return mc_err_set(err, MC_SHUTTING_DOWN, "the daemon is shutting down");
    }
    return mc_read_check(*ret_op, header, err);
}

static int
keep_input(struct mc_request *request, const struct mc_message *message, size_t frame, mc_err *err)
{
    if (frame == SIZE_MAX) {
        return 0;
    }
    size_t length = mc_message_frame_size(message, frame);
    request->input = malloc(length ? length : 1);
    if (!request->input) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    memcpy(request->input, mc_message_frame_data(message, frame), length);
    request->ask.input = request->input;
    request->ask.input_length = length;
    return 0;
}

static struct mc_request *request_new(struct mc_server *server,
                                      struct mc_peer *peer,
                                      const struct mc_message *message,
                                      enum mc_op op,
                                      mc_err *err)
{
    struct mc_request *request = calloc(1, sizeof *request);
    if (!request) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    request->server = server;
    request->peer = peer;
    request->op = op;
    request->delimited = message->delimited;
    request->header = json_incref(message->header);
    request->began = mc_os_now();
    request->id = strdup(json_string_value(json_object_get(message->header, "id")));
    size_t frame = SIZE_MAX;
    bool has_cell = op == MC_OP_COMPILE || op == MC_OP_RUN;
    if (!request->id ||
        (has_cell &&
         (mc_read_ask(op, request->header, message->frame_count, &request->ask, &frame, err) < 0 ||
          keep_input(request, message, frame, err) < 0))) {
        if (!request->id) {
            mc_err_set(err, MC_NO_MEMORY, "out of memory");
        }
        request_free(request);
        return NULL;
    }
    request->next = server->requests;
    server->requests = request;
    peer->open++;
    return request;
}

void mc_request_receive(struct mc_server *server,
                        const struct mc_message *message,
                        const mc_err *malformed)
{
    mc_err err = {0};
    enum mc_op op = MC_OP_COUNT;
    struct mc_peer *peer = mc_peer_get(server, message->identity, message->identity_length);
    if (!peer) {
        mc_log("out of memory for a peer");
        return;
    }
    const char *id =
        message->header ? json_string_value(json_object_get(message->header, "id")) : NULL;
    id = id && strlen(id) <= 64 ? id : "";
    server->counters.requests++;
    server->idle_since = mc_os_now();
    if (malformed) {
        reply_error(peer, message->delimited, id, malformed);
        return;
    }
    if (check_envelope(server, peer, message->header, &op, &err) < 0) {
        reply_error(peer, message->delimited, id, &err);
        return;
    }
    if (op == MC_OP_CREDIT) {
        struct mc_request *target = mc_request_find(server, peer, id);
        if (target) {
            mc_run_credit(target, json_integer_value(json_object_get(message->header, "bytes")));
        }
        return;
    }
    struct mc_request *request = request_new(server, peer, message, op, &err);
    if (!request) {
        reply_error(peer, message->delimited, id, &err);
        return;
    }
    mc_ops_start(request);
}
