#include "kernel_bridge/client/client.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "base/strv.h"
#include "kernel_bridge/client/connection.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    MC_TRIES = 3,
    MC_DEFAULT_WINDOW = 4 << 20,
    MC_START_MS = 10000,
    MC_WIND_UP_MS = 2000, /* for the last output of a cancelled request */
    MC_LEAVING_MS = 2000, /* for a daemon that is shutting down */
    MC_GAP_MS = 100,      /* of silence, at most: a process that is not run itself hears nothing */
    MC_DEAF_MS = 500,     /* who does not answer hello for so long does not hear it */
};

/* What belongs to one process: after a fork the child makes its own and leaves its parent's alone.
 */
struct shared {
    pid_t owner;
    int wake_fd;
    atomic_uint generation; /* of interrupts */
    pthread_mutex_t mutex;
    void *zmq;                  /* made with the first connection */
    struct mc_connection *idle; /* a connection is in here or with one request; the mutex hands it
                                   from thread to thread */
};

struct mc_client {
    _Atomic(struct shared *) shared;
    atomic_int pid; /* of the daemon */
    atomic_ullong next_id;
    char *runtime_dir;
    char *socket_path;
    char *start_lock;
    char *daemon;
    struct mc_connection_options options;
};

static struct shared *shared_free(struct shared *shared)
{
    if (!shared) {
        return NULL;
    }
    while (shared->idle) {
        struct mc_connection *connection = shared->idle;
        shared->idle = connection->next;
        mc_connection_free(connection);
    }
    if (shared->zmq) {
        zmq_ctx_term(shared->zmq);
    }
    if (shared->wake_fd >= 0) {
        close(shared->wake_fd);
    }
    pthread_mutex_destroy(&shared->mutex);
    free(shared);
    return NULL;
}

static int shared_new(struct shared **ret, mc_err *err)
{
    struct shared *shared = calloc(1, sizeof *shared);
    if (!shared) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    shared->owner = getpid();
    shared->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&shared->mutex, NULL);
    if (shared->wake_fd < 0) {
        mc_err_errno(err, MC_SYSTEM, "eventfd");
        shared_free(shared);
        return -1;
    }
    *ret = shared;
    return 0;
}

/* The parent's sockets, its mutex (which may be held for ever) and its threads are of no use after
 * a fork; they are not even freed. Several threads of the child may come here at once. */
static int own_shared(struct mc_client *client, struct shared **ret, mc_err *err)
{
    struct shared *shared = atomic_load(&client->shared);
    struct shared *fresh = NULL;
    if (shared->owner == getpid()) {
        *ret = shared;
        return 0;
    }
    if (shared_new(&fresh, err) < 0) {
        return -1;
    }
    if (atomic_compare_exchange_strong(&client->shared, &shared, fresh)) {
        *ret = fresh;
        return 0;
    }
    shared_free(fresh);
    *ret = shared;
    return 0;
}

/* The first executable of that name on PATH, or NULL. */
static char *search_path(const char *name, char *const *envp)
{
    const char *at = mc_strv_getenv(envp, "PATH");
    while (at && *at) {
        size_t length = strcspn(at, ":");
        mc_autofree char *dir = strndup(at, length);
        mc_autofree char *path = dir && length ? mc_fs_join(dir, name) : NULL;
        if (path && access(path, X_OK) == 0) {
            return mc_take(&path);
        }
        at += length + (at[length] == ':');
    }
    return NULL;
}

static char *choose_daemon(const char *chosen, char *const *envp)
{
    if (!chosen) {
        chosen = mc_strv_getenv(envp, "MOJOCELL_DAEMON");
    }
    if (!chosen || !*chosen) {
        return search_path("mojocelld", envp);
    }
    char *real = realpath(chosen, NULL); /* it is started from another directory */
    return real ? real : strdup(chosen);
}

static int
set_options(struct mc_client *client, const struct mc_client_options *options, mc_err *err)
{
    char *const *envp = options->envp ? options->envp : environ;
    int found = options->runtime_dir
                    ? mc_paths_check_dir(options->runtime_dir, &client->runtime_dir, err)
                    : mc_paths_runtime_dir(envp, &client->runtime_dir, err);
    if (found < 0 || mc_paths_socket(client->runtime_dir, &client->socket_path, err) < 0 ||
        mc_paths_start_lock(client->runtime_dir, &client->start_lock, err) < 0) {
        return -1;
    }
    client->daemon = choose_daemon(options->daemon, envp);
    client->options = (struct mc_connection_options) {
        .runtime_dir = client->runtime_dir,
        .socket_path = client->socket_path,
        .start_lock = client->start_lock,
        .daemon = client->daemon,
        .envp = options->envp,
        .start_daemon = options->start_daemon,
        .start_timeout_ms = options->start_timeout_ms > 0 ? options->start_timeout_ms : MC_START_MS,
    };
    return 0;
}

int mc_client_new(const struct mc_client_options *options, struct mc_client **ret, mc_err *err)
{
    struct shared *shared;
    struct mc_client *client = calloc(1, sizeof *client);
    if (!client) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (set_options(client, options, err) < 0 || shared_new(&shared, err) < 0) {
        mc_client_free(client);
        return -1;
    }
    atomic_store(&client->shared, shared);
    *ret = client;
    return 0;
}

struct mc_client *mc_client_free(struct mc_client *client)
{
    if (client) {
        struct shared *shared = atomic_load(&client->shared);
        if (shared && shared->owner == getpid()) {
            shared_free(shared);
        }
        free(client->runtime_dir);
        free(client->socket_path);
        free(client->start_lock);
        free(client->daemon);
        free(client);
    }
    return NULL;
}

void mc_client_interrupt(struct mc_client *client)
{
    const uint64_t one = 1;
    struct shared *shared = atomic_load(&client->shared);
    atomic_fetch_add(&shared->generation, 1);
    if (write(shared->wake_fd, &one, sizeof one) < 0) {
        return; /* full: it is readable already */
    }
}

const char *mc_client_runtime_dir(const struct mc_client *client)
{
    return client->runtime_dir;
}

pid_t mc_client_pid(const struct mc_client *client)
{
    return atomic_load(&client->pid);
}

/* What a request is, and how far it has come. */
struct talk {
    struct mc_client *client;
    struct shared *shared;
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
        snprintf(talk->id, sizeof talk->id, "c%llu", atomic_fetch_add(&talk->client->next_id, 1));
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
    struct shared *shared = talk->shared;
    pthread_mutex_lock(&shared->mutex);
    if (!shared->zmq) {
        shared->zmq = zmq_ctx_new();
    }
    talk->connection = shared->idle;
    if (talk->connection) {
        shared->idle = talk->connection->next;
    }
    pthread_mutex_unlock(&shared->mutex);
    if (talk->connection && mc_connection_is_dead(talk->connection)) {
        talk->connection = mc_connection_free(talk->connection);
        return take_connection(talk, err);
    }
    if (talk->connection) {
        return 0;
    }
    if (!shared->zmq) {
        return mc_err_set(err, MC_SYSTEM, "start ZeroMQ: %s", zmq_strerror(zmq_errno()));
    }
    return mc_connection_open(shared->zmq,
                              &talk->client->options,
                              !talk->is_shutdown,
                              (int) (talk->patience / MC_MS),
                              &talk->pause,
                              &talk->connection,
                              err);
}

static void give_back(struct talk *talk, bool usable)
{
    struct shared *shared = talk->shared;
    if (!usable) {
        talk->connection = mc_connection_free(talk->connection);
    } else if (talk->connection) {
        pthread_mutex_lock(&shared->mutex);
        talk->connection->next = shared->idle;
        shared->idle = mc_take(&talk->connection);
        pthread_mutex_unlock(&shared->mutex);
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
    for (size_t i = 0; i < event->frame_count; i++) {
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

static void hand_on(struct talk *talk, const struct mc_message *event)
{
    mc_err why;
    if (!talk->call->on_event || talk->deaf) {
        return;
    }
    switch (talk->call->on_event(talk->call->arg, event)) {
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
    bool is_output = strcmp(event, "stdout") == 0 || strcmp(event, "stderr") == 0;
    talk->program_started |= talk->is_run && (is_output || strcmp(event, "started") == 0);
    hand_on(talk, message);
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
        bool again = tries < MC_TRIES && talk->client->options.start_daemon && talk->connection &&
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
    if (tries >= MC_TRIES || !talk->client->options.start_daemon) {
        mc_err_set(err,
                   MC_DAEMON_LOST,
                   "the daemon ended %s",
                   tries > 1 ? "again and again" : "before it answered");
        mc_err_hint(err, "its log is '%.180s/mojocelld.log'", talk->client->runtime_dir);
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
        atomic_store(&talk->client->pid, talk->connection->pid);
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
    int64_t most = talk->client->options.start_timeout_ms * MC_MS;
    talk->limited = wanted > 0;
    talk->silence = wanted > 0 && wanted < most ? wanted : most;
    talk->patience = call->silence_ns > 0 ? talk->silence : most;
}

static int
prepare(struct mc_client *client, const struct mc_client_call *call, struct talk *ret, mc_err *err)
{
    *ret = (struct talk) {.client = client, .call = call};
    if (own_shared(client, &ret->shared, err) < 0) {
        return -1;
    }
    ret->pause = (struct mc_pause) {
        .wake_fd = ret->shared->wake_fd,
        .generation = &ret->shared->generation,
        .seen = atomic_load(&ret->shared->generation),
        .check = call->check,
        .arg = call->arg,
        .deadline = end_of(call->timeout_ns),
        .checked = mc_os_now(),
    };
    set_silence(ret);
    return compose(ret, err);
}

int mc_client_request(struct mc_client *client,
                      const struct mc_client_call *call,
                      struct mc_message *ret,
                      mc_err *err)
{
    struct talk talk;
    mc_err local;
    enum outcome outcome = MC_MORE;
    err = err ? err : &local;
    *err = (mc_err) {0};
    *ret = (struct mc_message) {0};
    int prepared = prepare(client, call, &talk, err);
    for (int tries = 1; prepared == 0 && outcome == MC_MORE; tries++) {
        *err = (mc_err) {0};
        outcome = attempt(&talk, tries, ret, err);
    }
    mc_buf_fini(&talk.text);
    return prepared == 0 && outcome == MC_DONE ? 0 : -1;
}
