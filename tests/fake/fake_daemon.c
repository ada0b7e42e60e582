/* A daemon that does what it is told: the `source` of a `run` or `compile` request is its script, a
 * command a line.
 *
 *   queued | compiling | compiled | started     that event
 *   stdout N                                     N bytes of output
 *   flood N                                      N bytes in pieces of 64 KiB, as far as window and
 * credit allow result | refuse CODE                         the last event: a result, or an error
 * of that code die | die-once FILE                          SIGKILL to itself; only where FILE does
 * not exist, which it makes hang                                         waits for a cancel, which
 * it answers hang-late                                    waits for a cancel, then sends output and
 * the last event deaf                                         waits for ever malformed
 * text|array|anonymous|frames        a reply that is none
 *
 * It takes the lock, keeps one line a start in <runtime dir>/starts and one a hello in `hellos`,
 * and MC_FAKE says how it behaves otherwise: `mute` (never answers), `full` and `crowded` (take no
 * clients, in two ways of saying so), `stranger` (another protocol), `failing` (says why it does
 * not start), `dying` (ends before ready), `leaving` (the first one of a directory answers
 * shutting_down and ends). */
#include "base/fs.h"
#include "base/mem.h"
#include "base/paths.h"
#include "protocol/message.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MAX_OPEN 64

struct request {
    bool open;
    char identity[MC_MESSAGE_MAX_IDENTITY];
    size_t identity_length;
    char id[65];
    char *script;
    const char *at; /* NULL: waits */
    bool late;
    long long window, unacknowledged, flood;
    long long most; /* unacknowledged at any time */
};

static void *router;
static struct request requests[MAX_OPEN];
static const char *mood = "";
static const char *runtime_dir;

static void
send_header(const struct request *request, const char *text, const void *frame, size_t length)
{
    mc_err err;
    const struct mc_route route = {.identity = {request->identity, request->identity_length}};
    const struct mc_frame frames[] = {{frame, length}};
    if (mc_message_send_text(
            router, &route, (struct mc_frame) {text, strlen(text)}, frames, frame ? 1 : 0, &err) <
        0) {
        fprintf(stderr, "fake: %s\n", err.message);
    }
}

__attribute__((format(printf, 2, 3))) static void
event(const struct request *request, const char *format, ...)
{
    char fields[512];
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(fields, sizeof fields, format, args);
    va_end(args);
    snprintf(text, sizeof text, "{\"id\":\"%s\",%s}", request->id, fields);
    send_header(request, text, NULL, 0);
}

static void output(struct request *request, size_t length)
{
    char text[256];
    char *bytes = malloc(length + 1);
    memset(bytes, 'x', length);
    snprintf(text,
             sizeof text,
             "{\"id\":\"%s\",\"event\":\"stdout\",\"bytes\":%zu}",
             request->id,
             length);
    send_header(request, text, bytes, length);
    request->unacknowledged += (long long) length;
    request->most =
        request->unacknowledged > request->most ? request->unacknowledged : request->most;
    free(bytes);
}

static void finish(struct request *request)
{
    free(request->script);
    *request = (struct request) {0};
}

static void malformed(const struct request *request, const char *how)
{
    char text[128];
    if (strcmp(how, "text") == 0) {
        send_header(request, "{\"id\":", NULL, 0);
    } else if (strcmp(how, "array") == 0) {
        send_header(request, "[]", NULL, 0);
    } else if (strcmp(how, "anonymous") == 0) {
        send_header(request, "{\"event\":\"result\"}", NULL, 0);
    } else {
        snprintf(text, sizeof text, "{\"id\":\"%s\"}", request->id);
        send_header(request, text, "x", 1);
    }
}

/* False where the request waits. */
static bool flood(struct request *request)
{
    enum { PIECE = 64 << 10 };
    while (request->flood > 0) {
        if (request->window && request->unacknowledged >= request->window) {
            return false;
        }
        size_t length = request->flood < PIECE ? (size_t) request->flood : PIECE;
        output(request, length);
        request->flood -= (long long) length;
    }
    return true;
}

static void die(const char *once)
{
    if (*once) {
        int fd = open(once, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0) {
            return;
        }
        close(fd);
    }
    usleep(20000); /* for what was sent before to leave; ZeroMQ has no flush */
    kill(getpid(), SIGKILL);
}

static bool is(const char *line, const char *command, const char **ret_rest)
{
    size_t length = strlen(command);
    bool same =
        strncmp(line, command, length) == 0 && (line[length] == ' ' || line[length] == '\0');
    *ret_rest = same && line[length] ? line + length + 1 : "";
    return same;
}

/* One command; false where the request waits or has ended. */
static bool obey(struct request *request, const char *line)
{
    const char *rest;
    if (is(line, "stdout", &rest)) {
        output(request, strtoul(rest, NULL, 10));
    } else if (is(line, "flood", &rest)) {
        request->flood = strtoll(rest, NULL, 10);
        return flood(request);
    } else if (is(line, "result", &rest)) {
        event(request,
              "\"event\":\"result\",\"ok\":true,\"most\":%lld,\"pid\":%d",
              request->most,
              (int) getpid());
        finish(request);
        return false;
    } else if (is(line, "refuse", &rest)) {
        event(request,
              "\"event\":\"error\",\"code\":\"%s\",\"message\":\"as told\",\"hint\":\"a hint\"",
              rest);
        finish(request);
        return false;
    } else if (is(line, "die-once", &rest) || is(line, "die", &rest)) {
        die(rest);
    } else if (is(line, "hang-late", &rest)) {
        request->late = true;
        return false;
    } else if (is(line, "hang", &rest)) {
        return false;
    } else if (is(line, "deaf", &rest)) {
        finish(request);
        return false;
    } else if (is(line, "malformed", &rest)) {
        malformed(request, rest);
    } else if (*line) {
        event(request, "\"event\":\"%s\"", line);
    }
    return true;
}

static void advance(struct request *request)
{
    char line[256];
    bool go = !request->flood || flood(request);
    while (go && request->open && *request->at) {
        size_t length = strcspn(request->at, "\n");
        snprintf(line, sizeof line, "%.*s", (int) length, request->at);
        request->at += length + (request->at[length] == '\n');
        go = obey(request, line);
    }
}

static struct request *find(const struct mc_message *message, const char *id)
{
    for (int i = 0; i < MAX_OPEN; i++) {
        struct request *request = &requests[i];
        if (request->open && strcmp(request->id, id) == 0 &&
            request->identity_length == message->identity_length &&
            memcmp(request->identity, message->identity, message->identity_length) == 0) {
            return request;
        }
    }
    return NULL;
}

static struct request make(const struct mc_message *message, const char *id)
{
    struct request request = {.open = true, .identity_length = message->identity_length};
    memcpy(request.identity, message->identity, message->identity_length);
    snprintf(request.id, sizeof request.id, "%s", id);
    return request;
}

static void begin(const struct mc_message *message, struct request fresh)
{
    const char *source = json_string_value(json_object_get(message->header, "source"));
    struct request *request = requests;
    while (request < requests + MAX_OPEN - 1 && request->open) {
        request++;
    }
    *request = fresh;
    request->script = strdup(source ? source : "result");
    request->at = request->script;
    request->window = json_integer_value(json_object_get(message->header, "window"));
    if (strcmp(mood, "leaving") == 0) {
        mc_autofree char *once = mc_fs_join(runtime_dir, "left");
        if (access(once, F_OK) < 0) {
            event(request,
                  "\"event\":\"error\",\"code\":\"shutting_down\",\"message\":\"leaving\"");
            die(once);
        }
        mood = "";
    }
    advance(request);
}

static void cancel(const struct mc_message *message, const struct request *asking)
{
    const char *target = json_string_value(json_object_get(message->header, "target"));
    struct request *request = find(message, target ? target : "");
    event(asking, "\"event\":\"result\",\"ok\":true,\"found\":%s", request ? "true" : "false");
    if (request) {
        if (request->late) {
            output(request, 7);
        }
        event(request, "\"event\":\"error\",\"code\":\"cancelled\",\"message\":\"cancelled\"");
        finish(request);
    }
}

static void note(const char *name)
{
    mc_autofree char *path = mc_fs_join(runtime_dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dprintf(fd, "%d\n", (int) getpid());
    close(fd);
}

static void greet(const struct request *request)
{
    note("hellos");
    if (strcmp(mood, "full") == 0) {
        event(request, "\"event\":\"error\",\"code\":\"too_many_clients\",\"message\":\"no more\"");
    } else if (strcmp(mood, "crowded") == 0) {
        event(request, "\"event\":\"error\",\"code\":\"busy\",\"message\":\"too many clients\"");
    } else if (strcmp(mood, "mute") != 0) {
        event(request,
              "\"event\":\"result\",\"ok\":true,\"version\":\"%s\",\"build\":\"%s\",\"protocol\":%"
              "d,\"pid\":%d",
              MC_VERSION,
              MC_BUILD_ID,
              strcmp(mood, "stranger") == 0 ? 7 : 1,
              (int) getpid());
    }
}

static void handle(const struct mc_message *message)
{
    const char *op = json_string_value(json_object_get(message->header, "op"));
    const char *id = json_string_value(json_object_get(message->header, "id"));
    if (!op || !id) {
        fprintf(stderr, "fake: a request without op or id\n");
        return;
    }
    struct request fresh = make(message, id);
    if (strcmp(op, "hello") == 0) {
        greet(&fresh);
    } else if (strcmp(op, "credit") == 0) {
        struct request *request = find(message, id);
        if (request) {
            request->unacknowledged -=
                json_integer_value(json_object_get(message->header, "bytes"));
            advance(request);
        }
    } else if (strcmp(op, "cancel") == 0) {
        cancel(message, &fresh);
    } else if (strcmp(op, "shutdown") == 0) {
        exit(0); /* without an answer, as one that is killed while it leaves */
    } else if (strcmp(op, "info") == 0) {
        mc_autofree char *echo = json_dumps(message->header, JSON_COMPACT);
        event(&fresh,
              "\"event\":\"result\",\"ok\":true,\"frames\":%zu,\"bytes\":%zu",
              message->frame_count,
              strlen(echo));
    } else {
        begin(message, fresh);
    }
}

static void become_ready(const char *dir, int ready_fd)
{
    mc_err err;
    char endpoint[128];
    mc_autofree char *lock = NULL;
    mc_autofree char *socket = NULL;
    if (mc_paths_lock(dir, &lock, &err) < 0 || mc_paths_socket(dir, &socket, &err) < 0) {
        dprintf(ready_fd, "error %s\n", err.message);
        exit(1);
    }
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        dprintf(ready_fd, "held\n");
        exit(3);
    }
    note("starts");
    unlink(socket);
    router = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
    const int no_limit = 0;
    zmq_setsockopt(router, ZMQ_SNDHWM, &no_limit, sizeof no_limit);
    zmq_setsockopt(router, ZMQ_RCVHWM, &no_limit, sizeof no_limit);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", socket);
    if (zmq_bind(router, endpoint) < 0) {
        dprintf(ready_fd, "error %s\n", zmq_strerror(zmq_errno()));
        exit(1);
    }
    dprintf(ready_fd, "ready\n");
    close(ready_fd);
}

int main(int argc, char **argv)
{
    mc_err err;
    const char *dir = NULL;
    int ready_fd = -1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--runtime-dir") == 0) {
            dir = argv[i + 1];
        } else if (strcmp(argv[i], "--ready-fd") == 0) {
            ready_fd = atoi(argv[i + 1]);
        }
    }
    mood = getenv("MC_FAKE") ? getenv("MC_FAKE") : "";
    if (!dir || ready_fd < 0 || strcmp(mood, "dying") == 0) {
        return 1;
    }
    if (strcmp(mood, "failing") == 0) {
        dprintf(ready_fd, "error the cache is on fire\n");
        return 1;
    }
    runtime_dir = dir;
    become_ready(dir, ready_fd);
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    while (zmq_poll(&item, 1, 60000) > 0) { /* a minute without anything: the test has ended */
        mc_automessage message = {0};
        int got = mc_message_recv(router, true, &message, &err);
        if (got == 1) {
            handle(&message);
        } else if (got == 2) {
            fprintf(stderr, "fake: %s\n", err.message);
        }
    }
    return 0;
}
