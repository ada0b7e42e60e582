#include "server/request.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/cell.h"
#include "protocol/message.h"
#include "server/cache_key.h"
#include "server/language_use.h"
#include "server/run_output.h"

#include <stdlib.h>
#include <string.h>

static void request_free(struct mc_request *request)
{
    mc_cell_free(request->cell);
    mc_cell_io_fini(&request->io);
    mc_cache_key_free(request->cache_key);
    free(request->toolchain_root);
    free(request->artifact);
    free(request->input);
    free(request->id);
    json_decref(request->meta);
    json_decref(request->result);
    json_decref(request->header);
    mc_strv_fini(&request->environment);
    mc_buf_fini(&request->out);
    mc_buf_fini(&request->err);
    free(request);
}

static void on_freeing(struct mc_task *task)
{
    request_free(task->owner);
}

static int find_frame(
    const struct mc_message *message, const char *name, int64_t wanted, size_t *ret, mc_err *err)
{
    *ret = (size_t) wanted;
    if (*ret >= message->frame_count) {
        return mc_err_set(err,
                          MC_INVALID_REQUEST,
                          "'%s' must name one of the message's %zu binary frames",
                          name,
                          message->frame_count);
    }
    return 0;
}

/* A Python inside Mojo buffers what it prints to a pipe, and Mojo never lets it write the rest. */
static void let_python_write(struct mc_strv *environment)
{
    if (!mc_strv_getenv(environment->items, "PYTHONUNBUFFERED")) {
        mc_strv_addf(environment, "PYTHONUNBUFFERED=1");
    }
}

/* An object of strings, or a frame: NAME=value with a NUL after each, in any bytes. */
static int
keep_environment(struct mc_request *request, const struct mc_message *message, mc_err *err)
{
    size_t frame;
    if (request->fields.env_frame >= 0) {
        if (find_frame(message, "env", request->fields.env_frame, &frame, err) < 0) {
            return -1;
        }
        mc_strv_add_block(&request->environment,
                          mc_message_frame_data(message, frame),
                          mc_message_frame_size(message, frame));
        for (size_t i = 0; i < request->environment.count; i++) {
            if (strcspn(request->environment.items[i], "=") == 0 ||
                !strchr(request->environment.items[i], '=')) {
                return mc_err_set(
                    err, MC_INVALID_REQUEST, "'env' has an entry that is not NAME=value");
            }
        }
    } else {
        const char *name;
        json_t *value;
        json_object_foreach((json_t *) request->fields.env, name, value)
        {
            mc_strv_addf(&request->environment, "%s=%s", name, json_string_value(value));
        }
    }
    let_python_write(&request->environment);
    return mc_strv_check(&request->environment, err);
}

static int keep_input(struct mc_request *request, const struct mc_message *message, mc_err *err)
{
    size_t frame;
    if (request->fields.stdin_frame < 0) {
        return 0;
    }
    if (find_frame(message, "stdin", request->fields.stdin_frame, &frame, err) < 0) {
        return -1;
    }
    size_t length = mc_message_frame_size(message, frame);
    request->input = malloc(length ? length : 1);
    if (!request->input) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    memcpy(request->input, mc_message_frame_data(message, frame), length);
    request->input_length = length;
    return 0;
}

struct mc_request *mc_request_new(struct mc_server *server,
                                  struct mc_peer *peer,
                                  const struct mc_message *message,
                                  enum mc_op op,
                                  const struct mc_fields *fields,
                                  mc_err *err)
{
    struct mc_request *request = mc_new(struct mc_request);
    if (!request || !(request->id = strdup(fields->id))) {
        free(request);
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    request->server = server;
    request->op = op;
    request->delimited = message->delimited;
    request->header = json_incref(message->header);
    request->fields = *fields;
    request->began = mc_os_now();
    request->compilation_user.urgency = (enum mc_urgency) fields->urgency;
    request->freeing = (struct mc_task) {.go = on_freeing, .owner = request};
    if (keep_environment(request, message, err) < 0 || keep_input(request, message, err) < 0) {
        request_free(request);
        return NULL;
    }
    request->peer = peer;
    peer->open++;
    mc_list_add(&server->requests, &request->node);
    return request;
}

struct mc_request *
mc_request_find(struct mc_server *server, const struct mc_peer *peer, const char *id)
{
    MC_LIST_EACH(&server->requests, struct mc_request, request, node)
    {
        if (request->peer == peer && strcmp(request->id, id) == 0) {
            return request;
        }
    }
    return NULL;
}

/* ---- what it says ---- */

/* NULL where there is no memory for it, or was none for its fields. */
static json_t *event_header(const struct mc_request *request, const char *event, json_t *fields)
{
    if (json_object_set_new(fields, "id", json_string(request->id)) < 0 ||
        json_object_set_new(fields, "event", json_string(event)) < 0) {
        json_decref(fields);
        return NULL;
    }
    return fields;
}

/* What was to be told is lost: so that nobody takes the rest for all, the request fails. */
static void lose(struct mc_request *request, const mc_err *err)
{
    if (!request->lost.code) {
        request->lost = *err;
    }
    if (request->run) {
        mc_run_cancel(request->run);
    }
}

static void
send_event(struct mc_request *request, json_t *header, const struct mc_frame *frames, size_t count)
{
    mc_err err = {0};
    if (mc_peer_send(request->peer, false, header, frames, count, &err) < 0) {
        lose(request, &err);
    }
    json_decref(header);
}

void mc_request_event(struct mc_request *request, const char *event, json_t *fields)
{
    if (request->delimited) {
        json_decref(fields);
        return;
    }
    send_event(request, event_header(request, event, fields), NULL, 0);
}

static void collect(struct mc_request *request, const struct mc_printed *printed)
{
    mc_err err = {0};
    struct mc_buf *collected[] = {&request->out, &request->err};
    for (int i = 0; i < 2; i++) {
        mc_buf_add(collected[i], printed->streams[i].bytes, printed->streams[i].length);
        if (mc_buf_check(collected[i], &err) < 0) {
            lose(request, &err);
        }
    }
}

void mc_request_output(struct mc_request *request, const struct mc_printed *printed)
{
    if (request->delimited) {
        collect(request, printed);
        return;
    }
    const struct mc_frame *streams = printed->streams;
    const struct mc_frame parts[] = {
        streams[0],
        streams[1],
        {.bytes = printed->lengths, .length = printed->count * sizeof *printed->lengths},
    };
    const char *first = printed->first_is_stderr ? "stderr" : "stdout";
    size_t length = streams[0].length + streams[1].length;
    json_t *fields = json_pack("{s:I}", "bytes", (json_int_t) length);
    if (printed->count == 1) {
        send_event(
            request, event_header(request, first, fields), parts + printed->first_is_stderr, 1);
        return;
    }
    json_object_set_new(fields, "first", json_string(first));
    send_event(request, event_header(request, "output", fields), parts, MC_LENGTH(parts));
}

/* ---- its end ---- */

/* Takes the request off everything it waits for. */
static void detach(struct mc_request *request)
{
    if (request->toolchain_entry) {
        mc_toolchain_entry_leave(request->toolchain_entry, &request->toolchain_waiter);
        request->toolchain_entry = NULL;
    }
    if (request->compilation) {
        mc_compilation_leave(request->compilation, &request->compilation_user);
        request->compilation = NULL;
    }
    mc_run_free(request->run);
    request->run = NULL;
    request->language = mc_language_use_free(request->language);
}

static void send_last(struct mc_request *request, const char *event, json_t *fields)
{
    struct mc_server *server = request->server;
    json_t *header = event_header(request, event, fields);
    struct mc_frame parts[] = {{request->out.data ? request->out.data : "", request->out.length},
                               {request->err.data ? request->err.data : "", request->err.length}};
    bool collected = request->delimited && request->op == MC_OP_RUN;
    size_t count = collected ? MC_LENGTH(parts) : 0;
    mc_err err = request->lost;
    if (!err.code && mc_json_refused()) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
    }
    if (err.code ||
        mc_peer_send(request->peer, request->delimited, header, parts, count, &err) < 0) {
        mc_peer_send_plain(request->peer, request->delimited, request->id, &err);
    }
    json_decref(header);
    detach(request);
    mc_node_remove(&request->node);
    mc_peer_let_go(mc_take(&request->peer));
    server->idle_since = mc_os_now();
    mc_loop_post(&server->core.loop, &request->freeing);
    mc_loop_post(&server->core.loop, &server->settled);
}

void mc_request_finish(struct mc_request *request, bool ok, json_t *fields)
{
    json_object_set_new(fields, "ok", json_boolean(ok));
    send_last(request, "result", fields);
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

static void fail_cancelled(struct mc_request *request)
{
    mc_err err;
    mc_err_set(&err, MC_CANCELLED, "the request was cancelled");
    mc_request_fail(request, &err);
}

void mc_request_cancel(struct mc_request *request)
{
    if (request->run) {
        mc_run_cancel(request->run); /* the end of the program answers */
    } else {
        fail_cancelled(request);
    }
}

void mc_request_cancel_all(struct mc_server *server, const struct mc_peer *peer)
{
    MC_LIST_EACH(&server->requests, struct mc_request, request, node)
    {
        if (!peer || request->peer == peer) {
            mc_request_cancel(request);
        }
    }
}

void mc_request_cancel_ahead(struct mc_server *server)
{
    MC_LIST_EACH(&server->requests, struct mc_request, request, node)
    {
        if (request->fields.urgency >= MC_URGENCY_SPECULATION) {
            mc_request_cancel(request);
        }
    }
}

static bool is_superseded(const struct mc_request *older, const struct mc_request *newer)
{
    const char *cell = newer->fields.cell;
    return older != newer && older->fields.urgency == MC_URGENCY_SPECULATION &&
           (newer->fields.urgency == MC_URGENCY_SPECULATION ||
            (cell && older->fields.cell && strcmp(cell, older->fields.cell) == 0));
}

/* A process may have several connections. */
static bool is_of(const struct mc_peer *one, const struct mc_peer *other)
{
    return one == other || (one->process && one->process == other->process);
}

void mc_request_supersede(const struct mc_request *request, const struct mc_peer *peer)
{
    struct mc_server *server = request->server;
    mc_err err;
    mc_err_set(&err, MC_CANCELLED, "a newer text took its place");
    MC_LIST_EACH(&server->requests, struct mc_request, older, node)
    {
        if (is_superseded(older, request) && is_of(older->peer, peer)) {
            server->core.counters.superseded++;
            mc_request_fail(older, &err);
        }
    }
}

void mc_request_end_all(struct mc_server *server)
{
    MC_LIST_EACH(&server->requests, struct mc_request, request, node)
    {
        fail_cancelled(request);
    }
}
