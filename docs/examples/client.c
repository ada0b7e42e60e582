/* Runs a Mojo source from a C program: compiled once, from the cache afterwards, output as it
 * comes.
 *
 *     client FILE [ARGUMENT…]
 *
 * Links mc_client. The daemon is found as MOJOCELL_DAEMON or on PATH, and started where none runs.
 */
#include "kernel_bridge/client/client.h"

#include "base/fs.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Pieces of both streams, by turns. */
static void show_turns(const struct mc_message *event, FILE *stream)
{
    const char *bytes = mc_message_frame_data(event, 0);
    const uint32_t *lengths = mc_message_frame_data(event, 1);
    for (size_t i = 0; i < mc_message_frame_size(event, 1) / sizeof *lengths; i++) {
        fwrite(bytes, 1, lengths[i], stream);
        fflush(stream);
        bytes += lengths[i];
        stream = stream == stderr ? stdout : stderr;
    }
}

static enum mc_client_verdict show(void *arg, const struct mc_message *event)
{
    const char *name = json_string_value(json_object_get(event->header, "event"));
    const char *first = json_string_value(json_object_get(event->header, "first"));
    FILE *stream = strcmp(first ? first : name, "stderr") == 0 ? stderr : stdout;
    (void) arg;
    if (first) {
        show_turns(event, stream);
    } else if (event->frame_count) {
        fwrite(mc_message_frame_data(event, 0), 1, mc_message_frame_size(event, 0), stream);
        fflush(stream);
    }
    return MC_CLIENT_CONTINUE;
}

/* The request: docs/protocol.md. */
static char *request(const char *source, char **arguments)
{
    json_t *args = json_array();
    json_t *env = json_object();
    for (; *arguments; arguments++) {
        json_array_append_new(args, json_string(*arguments));
    }
    const char *const passed[] = {"PATH", "HOME", "CONDA_PREFIX", "MOJO_PYTHON"};
    for (size_t i = 0; i < MC_LENGTH(passed); i++) {
        const char *value = getenv(passed[i]);
        json_object_set_new(env, passed[i], json_string(value ? value : ""));
    }
    mc_autofree char *cwd = realpath(".", NULL);
    json_t *header = json_pack("{s:s, s:s, s:s, s:o, s:o}",
                               "op",
                               "run",
                               "source",
                               source,
                               "cwd",
                               cwd ? cwd : "/",
                               "args",
                               args,
                               "env",
                               env);
    char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    return text;
}

/* 0, the program's own status, or 1 where it did not get that far. */
static int report(const json_t *result)
{
    const json_t *failure = json_object_get(result, "failure");
    const json_t *status = json_object_get(result, "returncode");
    if (failure) {
        fprintf(stderr, "client: %s\n", json_string_value(json_object_get(failure, "message")));
    }
    return json_is_integer(status) ? (int) json_integer_value(status) : failure ? 1 : 0;
}

static int complain(const mc_err *err)
{
    fprintf(stderr, "client: %s\n", err->message);
    if (err->hint[0]) {
        fprintf(stderr, "client: %s\n", err->hint);
    }
    return 1;
}

int main(int argc, char **argv)
{
    mc_err err;
    struct mc_client *client;
    struct mc_message result;
    mc_autobuf source = MC_BUF_INIT;
    const struct mc_client_options options = {.start_daemon = true};
    if (argc < 2) {
        fprintf(stderr, "usage: client FILE [ARGUMENT…]\n");
        return 2;
    }
    if (mc_fs_read(argv[1], 8 << 20, &source, &err) < 0 ||
        mc_client_new(&options, &client, &err) < 0) {
        return complain(&err);
    }
    mc_autofree char *header = request(source.data ? source.data : "", argv + 2);
    const struct mc_client_call call = {
        .header = {header, header ? strlen(header) : 0},
        .on_event = show,
    };
    int status = 1;
    if (mc_client_request(client, &call, &result, &err) == 0) {
        status = report(result.header);
        mc_message_fini(&result);
    } else {
        complain(&err);
    }
    mc_client_free(client);
    return status;
}
