#include "kernel_bridge/client/client_request.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "kernel_bridge/client/connections.h"

#include <stdio.h>
#include <string.h>

enum {
    MC_TRIES = 3,
    MC_DEFAULT_WINDOW = 4 << 20,
    MC_WIND_UP_MS = 2000, /* for the last output of a cancelled request */
    MC_LEAVING_MS = 2000, /* for a daemon that is shutting down */
    MC_GAP_MS = 100,      /* of silence, at most: a process that is not run itself hears nothing */
    MC_DEAF_MS = 500,     /* who does not answer hello for so long does not hear it */
};

/* What a request is, and how far it has come. */
struct talk {
    const struct mc_client_ways *ways;
    const struct mc_client_call *call;
    struct mc_pause pause;
    struct mc_connection *connection;
    char id[32];
    struct mc_buf text; /* the header with what was put in */
    bool is_run;
    bool is_shutdown;
    bool program_started;
    int64_t window;
    int64_t unacknowledged;
    int64_t patience; /* for a daemon that starts, and for hello */
    int64_t silence;  /* that is borne from then on */
    int64_t quiet;    /* since the last message */
    int64_t looked;   /* when that was counted last */
    int64_t asked;    /* `quiet` when the daemon was asked whether it hears; 0: it was not */
    bool watched;     /* silence counts now */
    bool limited;     /* and after the first message as well */
    mc_err stop;      /* why it is being cancelled; code MC_OK: it is not */
    bool deaf;        /* hand on nothing more */
    bool leaving;     /* the daemon said that it is */
};

enum outcome { MC_FAILED = -1, MC_DONE = 0, MC_LOST = 1, MC_MORE = 2 };

/* `id` and `window` go before the caller's own fields, so that a large source is not encoded again.
 */
static int compose(struct talk *talk, mc_err *err)
{
    struct mc_frame header = talk->call->header;
    json_error_t ignored;
    json_t *object = json_loadb(header.bytes, header.length, JSON_REJECT_DUPLICATES, &ignored);
    const char *op = json_string_value(json_object_get(object, "op"));
    const json_t *window = json_object_get(object, "window");
    bool usable = op && !json_object_get(object, "id");
    if (usable) {
        const char *rest = (const char *) memchr(header.bytes, '{', header.length) + 1;
        talk->is_run = strcmp(op, "run") == 0;
        talk->is_shutdown = strcmp(op, "shutdown") == 0;
        talk->window = window ? json_integer_value(window) : MC_DEFAULT_WINDOW;
        snprintf(talk->id, sizeof talk->id, "c%llu", talk->ways->number);
        mc_buf_addf(&talk->text, "{\"id\":\"%s\",", talk->id);
        if (talk->is_run && !window) {
            mc_buf_addf(&talk->text, "\"window\":%d,", MC_DEFAULT_WINDOW);
        }
        mc_buf_add(
            &talk->text, rest, header.length - (size_t) (rest - (const char *) header.bytes));
    }
    json_decref(object);
    if (!usable) {
        return mc_err_set(
            err, MC_INVALID_REQUEST, "a request is a JSON object with an 'op' and no 'id'");
    }
    return mc_buf_check(&talk->text, err);
}

static int take_connection(struct talk *talk, mc_err *err)
{
    struct mc_connections *connections = talk->ways->connections;
    talk->connection = mc_connections_take(connections);
    if (talk->connection) {
        return 0;
    }
    if (!connections->zmq) {
        return mc_err_set(err, MC_SYSTEM, "start ZeroMQ: %s", zmq_strerror(zmq_errno()));
    }
    return mc_connection_open(connections->zmq,
                              talk->ways->options,
                              !talk->is_shutdown,
                              (int) (talk->patience / MC_MS),
                              &talk->pause,
                              &talk->connection,
                              err);
}

static void give_back(struct talk *talk, bool usable)
{
    if (!usable) {
        talk->connection = mc_connection_free(talk->connection);
    } else {
        mc_connections_give(talk->ways->connections, mc_take(&talk->connection));
    }
}

static int tell(struct talk *talk, const char *text, int length, mc_err *err)
{
    return mc_message_send_text(
        talk->connection->socket, NULL, (struct mc_frame) {text, (size_t) length}, NULL, 0, err);
}

/* From here on nothing but the last output is waited for, and not for long. */
static void begin_stop(struct talk *talk, const mc_err *why)
{
    char text[128];
    mc_err ignored;
    if (talk->stop.code != MC_OK) {
        return;
    }
    talk->stop = *why;
    talk->watched = false;
    talk->pause.deadline = mc_os_now() + (talk->call->detached ? 0 : MC_WIND_UP_MS * MC_MS);
    talk->pause.over = false;
    talk->pause.seen = atomic_load(talk->pause.generation); /* a second interrupt ends it at once */
    int length = snprintf(text,
                          sizeof text,
                          "{\"op\":\"cancel\",\"id\":\"%s.cancel\",\"target\":\"%s\"}",
                          talk->id,
                          talk->id);
    if (tell(talk, text, length, &ignored) < 0) {
        talk->pause.deadline = 0;
    }
}

static int acknowledge(struct talk *talk, const struct mc_message *event, mc_err *err)
{
    char text[128];
    if (talk->window <= 0) {
        return 0;
    }
    for (size_t i = 0; i < event->frame_count && i < 2; i++) { /* a frame a stream */
        talk->unacknowledged += (int64_t) mc_message_frame_size(event, i);
    }
    if (talk->unacknowledged < (talk->window + 3) / 4) {
        return 0; /* the daemon has three quarters left */
    }
    int length = snprintf(text,
                          sizeof text,
                          "{\"op\":\"credit\",\"id\":\"%s\",\"bytes\":%lld}",
                          talk->id,
                          (long long) talk->unacknowledged);
    talk->unacknowledged = 0;
    return tell(talk, text, length, err);
}

static void heed(struct talk *talk, enum mc_client_verdict verdict)
{
    mc_err why;
    switch (verdict) {
    case MC_CLIENT_CONTINUE:
        return;
    case MC_CLIENT_STOP:
        talk->deaf = true;
        mc_err_set(&why, MC_CANCELLED, "the receiver of the events stopped the request");
        break;
    case MC_CLIENT_INTERRUPT:
        mc_err_set(&why, MC_INTERRUPTED, "interrupted");
        break;
    }
    begin_stop(talk, &why);
}

static void hand_on(struct talk *talk, const struct mc_message *event)
{
    if (talk->call->on_event && !talk->deaf) {
        heed(talk, talk->call->on_event(talk->call->arg, event));
    }
}

/* The program waits until this returns, and the daemon hears nothing meanwhile. */
static int answer(struct talk *talk, mc_err *err)
{
    char text[128];
    mc_autobuf line = MC_BUF_INIT;
    if (talk->stop.code != MC_OK) {
        return 0;
    }
    enum mc_client_verdict verdict =
        talk->call->on_ask ? talk->call->on_ask(talk->call->arg, &line) : MC_CLIENT_CONTINUE;
    if (verdict != MC_CLIENT_CONTINUE) {
        heed(talk, verdict);
        return 0;
    }
    const struct mc_frame frame = {line.data, line.length};
    int length = snprintf(text,
                          sizeof text,
                          "{\"op\":\"answer\",\"id\":\"%s\"%s}",
                          talk->id,
                          line.length ? ",\"stdin\":{\"frame\":0}" : "");
    return mc_message_send_text(talk->connection->socket,
                                NULL,
                                (struct mc_frame) {text, (size_t) length},
                                &frame,
                                line.length ? 1 : 0,
                                err);
}

static enum outcome take_error(struct talk *talk, const json_t *header, mc_err *err)
{
    const char *code = json_string_value(json_object_get(header, "code"));
    const char *message = json_string_value(json_object_get(header, "message"));
    const char *hint = json_string_value(json_object_get(header, "hint"));
    if (mc_connection_is_refused(talk->connection, header, err)) {
        return MC_FAILED;
    }
    mc_err_set(err, mc_code_from_name(code ? code : ""), "%s", message ? message : "(no message)");
    if (hint) {
        mc_err_hint(err, "%s", hint);
    }
    talk->leaving = err->code == MC_SHUTTING_DOWN;
    return talk->leaving ? MC_LOST : MC_FAILED;
}

/* An event of this request, or what is left of another one. */
static enum outcome take_event(struct talk *talk, const struct mc_message *message, mc_err *err)
{
    const char *id = json_string_value(json_object_get(message->header, "id"));
    const char *event = json_string_value(json_object_get(message->header, "event"));
    if (!id || !event) {
        mc_err_set(err, MC_PROTOCOL, "the daemon sent an event without 'id' or 'event'");
        return MC_FAILED;
    }
    bool is_error = strcmp(event, "error") == 0;
    bool greeting = strcmp(id, "hello") == 0; /* the answer to mc_connection_ask */
    if (strcmp(id, talk->id) != 0 && !(is_error && (!*id || greeting))) {
        return MC_MORE;
    }
    if (is_error) {
        return take_error(talk, message->header, err);
    }
    if (strcmp(event, "result") == 0) {
        return MC_DONE;
    }
    bool is_output = strcmp(event, "stdout") == 0 || strcmp(event, "stderr") == 0 ||
                     strcmp(event, "output") == 0;
    talk->program_started |= talk->is_run && (is_output || strcmp(event, "started") == 0);
    hand_on(talk, message);
    if (strcmp(event, "input") == 0 && answer(talk, err) < 0) {
        return MC_FAILED;
    }
    if (is_output && acknowledge(talk, message, err) < 0) {
        return MC_FAILED;
    }
    return MC_MORE;
}

static void begin_listening(struct talk *talk, bool watched)
{
    talk->watched = watched;
    talk->looked = mc_os_now();
    talk->quiet = 0;
    talk->asked = 0;
}

/* Asks who says nothing whether it hears, and gives it up where it does not. */
static enum outcome count_silence(struct talk *talk, mc_err *err)
{
    int64_t now = mc_os_now();
    int64_t gap = now - talk->looked;
    talk->looked = now;
    talk->quiet += gap < MC_GAP_MS * MC_MS ? gap : MC_GAP_MS * MC_MS;
    if (!talk->watched || talk->quiet < talk->silence / 2) {
        return MC_MORE;
    }
    if (!talk->asked) {
        talk->asked = talk->quiet;
        return mc_connection_ask(talk->connection, err) < 0 ? MC_FAILED : MC_MORE;
    }
    if (talk->quiet < talk->silence) {
        return MC_MORE;
    }
    mc_connection_no_answer(talk->connection, err);
    return MC_FAILED;
}

/* Whether the time is over because nobody hears. */
static bool is_deaf(const struct talk *talk)
{
    return talk->watched && talk->asked && talk->quiet - talk->asked >= MC_DEAF_MS * MC_MS;
}

/* The next message, if there is one: MC_MORE in any case but those that end the request. */
static enum outcome step(struct talk *talk, struct mc_message *ret, mc_err *err)
{
    int got = mc_message_recv(talk->connection->socket, false, ret, err);
    if (got < 0) {
        return MC_FAILED;
    }
    if (got == 2) {
        mc_message_fini(ret);
        err->code = MC_PROTOCOL;
        mc_err_wrap(err, "the daemon sent a malformed event");
        return MC_FAILED;
    }
    if (got == 0) {
        int waited = mc_connection_wait(talk->connection, &talk->pause, err);
        return waited < 0 ? MC_FAILED : waited > 0 ? MC_LOST : count_silence(talk, err);
    }
    enum outcome outcome = take_event(talk, ret, err);
    bool started = talk->call->detached && talk->program_started;
    begin_listening(talk, talk->watched && talk->limited && !started);
    if (outcome != MC_DONE) {
        mc_message_fini(ret);
    }
    if (outcome == MC_MORE && mc_pause_look(&talk->pause, false, err) < 0) {
        return MC_FAILED;
    }
    return outcome;
}

/* Sends the request and takes its events up to the last. */
static enum outcome converse(struct talk *talk, struct mc_message *ret, mc_err *err)
{
    const struct mc_client_call *call = talk->call;
    enum outcome outcome = MC_MORE;
    struct mc_frame header = {talk->text.data, talk->text.length};
    if (mc_message_send_text(
            talk->connection->socket, NULL, header, call->frames, call->frame_count, err) < 0) {
        return MC_FAILED;
    }
    begin_listening(talk, true);
    while (outcome == MC_MORE) {
        *err = (mc_err) {0};
        outcome = step(talk, ret, err);
        if (outcome == MC_FAILED && talk->pause.over && talk->stop.code == MC_OK) {
            if (err->code == MC_TIMEOUT && is_deaf(talk)) {
                mc_connection_no_answer(talk->connection, err);
                break;
            }
            begin_stop(talk, err);
            outcome = MC_MORE;
        }
    }
    return outcome;
}

/* The answer of a daemon that shut down without one. */
static int make_result(struct talk *talk, struct mc_message *ret, mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_buf_addf(&text, "{\"id\":\"%s\",\"event\":\"result\",\"ok\":true}", talk->id);
    if (mc_buf_check(&text, err) < 0 || zmq_msg_init_size(&ret->parts[0], text.length) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    memcpy(zmq_msg_data(&ret->parts[0]), text.data, text.length);
    ret->text = (struct mc_frame) {zmq_msg_data(&ret->parts[0]), text.length};
    ret->header = json_loadb(text.data, text.length, 0, NULL);
    ret->part_count = ret->first_frame = 1;
    return 0;
}

/* What a loss means: MC_MORE where the request is to be repeated. */
static enum outcome after_loss(struct talk *talk, int tries, struct mc_message *ret, mc_err *err)
{
    if (talk->is_shutdown && !talk->leaving) {
        return make_result(talk, ret, err) < 0 ? MC_FAILED : MC_DONE;
    }
    if (talk->leaving) {
        mc_err ignored;
        bool again = tries < MC_TRIES && talk->ways->options->start_daemon && talk->connection &&
                     !talk->is_shutdown;
        return again && mc_connection_await_end(
                            talk->connection, MC_LEAVING_MS, &talk->pause, &ignored) == 0
                   ? MC_MORE
                   : MC_FAILED;
    }
    if (talk->program_started) {
        mc_err_set(err, MC_DAEMON_LOST, "the daemon ended while the program was running");
        mc_err_hint(err,
                    "the program had started, so it was not run again: run the cell once more");
        return MC_FAILED;
    }
    if (tries >= MC_TRIES || !talk->ways->options->start_daemon) {
        mc_err_set(err,
                   MC_DAEMON_LOST,
                   "the daemon ended %s",
                   tries > 1 ? "again and again" : "before it answered");
        mc_err_hint(err, "its log is '%.180s/mojocelld.log'", talk->ways->options->runtime_dir);
        return MC_FAILED;
    }
    return MC_MORE;
}

/* Whether the connection is of no use after such an error. */
static bool is_broken(enum mc_code code)
{
    return code == MC_PROTOCOL || code == MC_SYSTEM || code == MC_DAEMON_UNAVAILABLE ||
           code == MC_TOO_MANY_CLIENTS;
}

static enum outcome attempt(struct talk *talk, int tries, struct mc_message *ret, mc_err *err)
{
    int opened = take_connection(talk, err);
    talk->leaving = false;
    talk->unacknowledged = 0;
    if (opened < 0) {
        return MC_FAILED;
    }
    if (opened == 0) {
        atomic_store(talk->ways->pid, talk->connection->pid);
    }
    enum outcome outcome = opened ? MC_LOST : converse(talk, ret, err);
    bool usable = outcome != MC_LOST && !is_broken(err->code);
    if (talk->stop.code != MC_OK) {
        if (outcome == MC_DONE) {
            mc_message_fini(ret);
        }
        usable = usable && !talk->pause.over; /* its last event may still come */
        *err = talk->stop;
        outcome = MC_FAILED;
    } else if (outcome == MC_LOST) {
        outcome = after_loss(talk, tries, ret, err);
    }
    give_back(talk, usable);
    return outcome;
}

/* The end of a time that begins now. */
static int64_t end_of(int64_t ns)
{
    int64_t end;
    return ns <= 0 || __builtin_add_overflow(mc_os_now(), ns, &end) ? INT64_MAX : end;
}

static void set_silence(struct talk *talk)
{
    const struct mc_client_call *call = talk->call;
    int64_t wanted = call->silence_ns > 0 ? call->silence_ns : call->timeout_ns;
    int64_t most = talk->ways->options->start_timeout_ms * MC_MS;
    talk->limited = wanted > 0;
    talk->silence = wanted > 0 && wanted < most ? wanted : most;
    talk->patience = call->silence_ns > 0 ? talk->silence : most;
}

static int prepare(const struct mc_client_ways *ways,
                   const struct mc_client_call *call,
                   struct talk *ret,
                   mc_err *err)
{
    *ret = (struct talk) {.ways = ways, .call = call};
    ret->pause = (struct mc_pause) {
        .wake_fd = ways->connections->wake_fd,
        .generation = &ways->connections->generation,
        .seen = atomic_load(&ways->connections->generation),
        .check = call->check,
        .arg = call->arg,
        .deadline = end_of(call->timeout_ns),
        .checked = mc_os_now(),
    };
    set_silence(ret);
    return compose(ret, err);
}

int mc_client_request_on(const struct mc_client_ways *ways,
                         const struct mc_client_call *call,
                         struct mc_message *ret,
                         mc_err *err)
{
    struct talk talk;
    enum outcome outcome = MC_MORE;
    int prepared = prepare(ways, call, &talk, err);
    for (int tries = 1; prepared == 0 && outcome == MC_MORE; tries++) {
        *err = (mc_err) {0};
        outcome = attempt(&talk, tries, ret, err);
    }
    mc_buf_fini(&talk.text);
    return prepared == 0 && outcome == MC_DONE ? 0 : -1;
}
