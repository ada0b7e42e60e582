#include "server/receive.h"

#include "base/os.h"
#include "protocol/fields.h"
#include "protocol/message.h"
#include "server/ops.h"
#include "server/request.h"

#include <string.h>

/* Answers a message from which no request can be made. */
static void reply_error(struct mc_peer *peer, bool delimited, const char *id, const mc_err *err)
{
    json_t *header = mc_failure(mc_code_name(err->code), err->message, err->hint);
    json_object_set_new(header, "id", json_string(id));
    json_object_set_new(header, "event", json_string("error"));
    mc_err failed;
    mc_err_set(&failed, MC_NO_MEMORY, "out of memory");
    if (!json_object_get(header, "event") ||
        mc_peer_send(peer, delimited, header, NULL, 0, &failed) < 0) {
        mc_peer_send_plain(peer, delimited, id, &failed);
    }
    json_decref(header);
}

/* Its id is that of an open request, and it has no answer. */
static bool is_about_another(enum mc_op op)
{
    return op == MC_OP_CREDIT || op == MC_OP_ANSWER;
}

/* Checks what every request has: an id that is free, an op, and a protocol this daemon speaks. */
static int check_envelope(struct mc_server *server,
                          struct mc_peer *peer,
                          const json_t *header,
                          enum mc_op *ret_op,
                          struct mc_fields *ret_fields,
                          mc_err *err)
{
    const char *id = mc_fields_id(header);
    const char *name = json_string_value(json_object_get(header, "op"));
    const json_t *protocol = json_object_get(header, "protocol");
    if (!id) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a request needs an 'id' of 1 to 64 characters");
    }
    if (!name) {
        return mc_err_set(err, MC_INVALID_REQUEST, "a request needs an 'op'");
    }
    if (protocol && json_number_value(protocol) != 1) {
        mc_err_set(err, MC_PROTOCOL, "this daemon speaks protocol 1");
        return mc_err_hint(err, "use the client that came with this version (%s)", MC_VERSION);
    }
    *ret_op = mc_op_of(name);
    if (*ret_op == MC_OP_COUNT) {
        return mc_err_set(err, MC_UNKNOWN_OP, "there is no operation '%.60s'", name);
    }
    if (!protocol && !peer->greeted && !is_about_another(*ret_op)) {
        mc_err_set(err, MC_PROTOCOL, "the first request must be 'hello'");
        return mc_err_hint(err, "or put \"protocol\": 1 on the request");
    }
    if (mc_request_find(server, peer, id) && !is_about_another(*ret_op)) {
        return mc_err_set(
            err, MC_INVALID_REQUEST, "the id '%s' belongs to a request that is still open", id);
    }
    if (server->leaving && (*ret_op == MC_OP_COMPILE || *ret_op == MC_OP_RUN)) {
        return mc_err_set(err, MC_SHUTTING_DOWN, "the daemon is shutting down");
    }
    return mc_fields_read(*ret_op, header, ret_fields, err);
}

/* A line without its frame is as the end of the input. */
static void answer(struct mc_run *run, const struct mc_message *message, int64_t frame)
{
    bool is_there = frame >= 0 && (size_t) frame < message->frame_count;
    mc_run_answer(run,
                  is_there ? mc_message_frame_data(message, (size_t) frame) : NULL,
                  is_there ? mc_message_frame_size(message, (size_t) frame) : 0);
}

/* What comes too late is for nobody. */
static void hand_to_run(const struct mc_request *target,
                        enum mc_op op,
                        const struct mc_fields *fields,
                        const struct mc_message *message)
{
    if (!target || !target->run) {
        return;
    }
    if (op == MC_OP_CREDIT) {
        mc_run_credit(target->run, fields->bytes);
    } else {
        answer(target->run, message, fields->stdin_frame);
    }
}

void mc_receive(struct mc_server *server, const struct mc_message *message, const mc_err *malformed)
{
    mc_err err = {0};
    enum mc_op op = MC_OP_COUNT;
    struct mc_fields fields;
    struct mc_peer *peer = mc_peer_get(&server->peers, message, &err);
    if (!peer) {
        if (err.code == MC_NO_MEMORY) {
            mc_log("%s", err.message);
            mc_peers_refuse(&server->peers, message, &err);
        }
        return;
    }
    const char *id = mc_fields_id(message->header);
    id = id ? id : "";
    server->core.counters.requests++;
    server->idle_since = mc_os_now();
    if (peer->refused) {
        mc_err_set(&err, MC_TOO_MANY_CLIENTS, "too many clients: the daemon has no room for more");
        mc_err_hint(&err, "end notebooks and programs that are not needed, or raise `ulimit -n`");
        reply_error(peer, message->delimited, id, &err);
        mc_peer_drop(peer); /* the next message looks anew */
        return;
    }
    if (malformed) {
        reply_error(peer, message->delimited, id, malformed);
        return;
    }
    if (check_envelope(server, peer, message->header, &op, &fields, &err) < 0) {
        reply_error(peer, message->delimited, id, &err);
        return;
    }
    if (is_about_another(op)) {
        hand_to_run(mc_request_find(server, peer, fields.id), op, &fields, message);
        return;
    }
    struct mc_request *request = mc_request_new(server, peer, message, op, &fields, &err);
    if (!request) {
        reply_error(peer, message->delimited, id, &err);
        return;
    }
    mc_ops_start(request);
}
