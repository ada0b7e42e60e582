#include "server/outcome.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mojo/cell.h"
#include "mojo/crash_sources.h"
#include "mojo/diag.h"
#include "mojo/diag_text.h"
#include "runner/runner_link.h"
#include "server/cache_key.h"
#include "server/request.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Of one end; borrowed. */
struct outcome {
    struct mc_request *request;
    const struct mc_run_result *end;
};

#define ABORTED "aborted" /* by one who said nothing */

static void set_usage(struct mc_request *request, const struct rusage *usage)
{
    double user = (double) usage->ru_utime.tv_sec + (double) usage->ru_utime.tv_usec / 1e6;
    double system = (double) usage->ru_stime.tv_sec + (double) usage->ru_stime.tv_usec / 1e6;
    json_object_set_new(request->result,
                        "usage",
                        json_pack("{s:f, s:f, s:f}",
                                  "user",
                                  user,
                                  "system",
                                  system,
                                  "max_rss_mb",
                                  (double) usage->ru_maxrss / 1024.0));
}

static bool tells_memory(const struct mc_buf *tail)
{
    return tail->length && mc_limits_text_tells_memory(tail->data, tail->length);
}

static enum mc_limit which_limit(const struct outcome *outcome)
{
    const struct mc_runner_event *end = outcome->end->event;
    struct mc_limits_facts facts = {
        .status = end->status,
        .cpu = (double) end->usage.ru_utime.tv_sec + (double) end->usage.ru_stime.tv_sec +
               (double) (end->usage.ru_utime.tv_usec + end->usage.ru_stime.tv_usec) / 1e6,
        .killed_by = outcome->end->killed_by,
        .allocation_failed = mc_limits_text_tells_memory(end->words.text, strlen(end->words.text)),
    };
    facts.allocation_failed |=
        tells_memory(outcome->end->out.tail) || tells_memory(outcome->end->err.tail);
    return mc_limits_classify(outcome->end->limits, &facts);
}

static json_t *limit_failure(const struct outcome *outcome, enum mc_limit limit)
{
    const struct mc_limits *limits = outcome->end->limits;
    char text[128];
    switch (limit) {
    case MC_LIMIT_WALL:
        snprintf(text, sizeof text, "the program was stopped after %g s", limits->wall);
        return mc_failure(
            "timeout", text, "give it more time, or look for a loop that does not end");
    case MC_LIMIT_CPU:
        snprintf(
            text, sizeof text, "the program used more than %g s of processor time", limits->cpu);
        break;
    case MC_LIMIT_MEMORY:
        snprintf(text,
                 sizeof text,
                 "the program wanted more than %lld MB of memory",
                 (long long) (limits->memory >> 20));
        break;
    case MC_LIMIT_OUTPUT:
        snprintf(text,
                 sizeof text,
                 "the program printed more than %lld bytes",
                 (long long) limits->output);
        break;
    default:
        snprintf(text,
                 sizeof text,
                 "the program had more than %lld processes",
                 (long long) limits->processes);
    }
    json_t *failure = mc_failure("limit", text, "raise the limit, or let the program use less");
    json_object_set_new(failure, "limit", json_string(mc_limit_name(limit)));
    return failure;
}

/* The last place of `words` in the text, or NULL. */
static const char *find_last(const struct mc_buf *text, const char *words)
{
    size_t length = strlen(words);
    const char *found = NULL;
    const char *next = text->length ? text->data : NULL;
    while (next &&
           (next = memmem(next, text->length - (size_t) (next - text->data), words, length))) {
        found = next++;
    }
    return found;
}

static const char unhandled[] = "Unhandled exception caught during execution: ";

/* What left main, in the words of the compiler's own executables, or NULL. The words that were
 * noted have its beginning, however long it was. */
static char *find_raised(const struct outcome *outcome)
{
    const struct mc_buf *tails[] = {outcome->end->out.tail, outcome->end->err.tail};
    const char *words = outcome->end->event->words.text;
    const char *found = strncmp(words, unhandled, strlen(unhandled)) == 0 ? words : NULL;
    size_t length = strlen(words);
    for (size_t i = 0; !found && i < MC_LENGTH(tails); i++) {
        found = find_last(tails[i], unhandled);
        length = found ? tails[i]->length - (size_t) (found - tails[i]->data) : 0;
    }
    length -= found ? strlen(unhandled) : 0;
    while (found && length > 0 && found[strlen(unhandled) + length - 1] == '\n') {
        length--;
    }
    return found ? strndup(found + strlen(unhandled), length) : NULL;
}

/* "raise" that left main: the entry prints it and returns 1. */
static json_t *exit_failure(const struct outcome *outcome, int code)
{
    mc_autofree char *message = code == 1 ? find_raised(outcome) : NULL;
    if (message) {
        mc_autobuf told = MC_BUF_INIT;
        mc_output_paths_rewrite(&outcome->request->output_paths, message, strlen(message), &told);
        json_t *clean = mc_text_json(told.data ? told.data : "", told.length);
        json_t *failure = mc_failure("raised", json_string_value(clean), NULL);
        json_decref(clean);
        return failure;
    }
    char text[64];
    snprintf(text, sizeof text, "the program ended with exit status %d", code);
    return mc_failure("exited", text, NULL);
}

/* The cell, and behind it the modules that it uses. */
static void list_sources(const struct mc_request *request, struct mc_crash_sources *ret)
{
    const struct mc_using *using = &request->cache_key->using;
    mc_crash_sources_init(ret,
                          request->cell,
                          json_string_value(json_object_get(request->meta, "module")),
                          request->fields.source,
                          request->fields.source_length,
                          &using->names,
                          &using->texts);
}

/* Where the processor was: the function of the user's, and for those who have its debug information
 * the addresses. */
static void add_frames(const struct outcome *outcome, json_t *failure)
{
    const struct mc_words *words = &outcome->end->event->words;
    char inside[128];
    mc_words_function(words, outcome->request->artifact, inside, sizeof inside);
    if (inside[0]) {
        json_object_set_new(failure, "inside", json_string(inside));
    }
    json_t *frames = json_array();
    for (uint32_t i = 0; i < words->count; i++) {
        json_array_append_new(frames, json_integer((json_int_t) words->frames[i]));
    }
    json_object_set_new(failure, "frames", frames);
}

/* Puts the words of an abort, and the line they name, into the failure. */
static void add_words(const struct outcome *outcome, json_t *failure)
{
    const struct mc_request *request = outcome->request;
    const struct mc_buf *tail = outcome->end->out.tail;
    struct mc_diag_crash crash;
    struct mc_crash_sources from;
    list_sources(request, &from);
    const char *words = outcome->end->event->words.text;
    bool raised = strncmp(words, unhandled, strlen(unhandled)) == 0; /* and went on after all */
    if ((raised || !mc_diag_words(words, from.sources, from.count, &crash)) &&
        !(tail->length &&
          mc_diag_crash(tail->data, tail->length, from.sources, from.count, &crash))) {
        return;
    }
    json_object_set_new(
        failure, "message", json_string(crash.message[0] ? crash.message : ABORTED));
    if (crash.line > 0) {
        json_object_set_new(failure, "line", json_integer(crash.line));
        json_object_set_new(failure, "column", json_integer(crash.column));
    }
    if (crash.line > 0 && crash.source > 0) {
        json_object_set_new(failure, "module", json_string(from.sources[crash.source].name));
    }
    if (crash.library[0]) {
        json_object_set_new(failure, "library", json_string(crash.library));
    }
}

static json_t *crash_failure(const struct outcome *outcome, int sig)
{
    char text[160];
    if (outcome->end->event->stack_overflow) {
        return mc_failure("crashed", "stack overflow", "look for a recursion that does not end");
    }
    snprintf(text, sizeof text, "the program was ended by signal %d (%s)", sig, strsignal(sig));
    json_t *failure = mc_failure("crashed", text, NULL);
    add_words(outcome, failure);
    add_frames(outcome, failure);
    return failure;
}

static json_t *failure_of(const struct outcome *outcome)
{
    int status = outcome->end->event->status;
    enum mc_limit limit = which_limit(outcome);
    if (limit != MC_LIMIT_NONE) {
        json_object_set_new(outcome->request->result, "limit", json_string(mc_limit_name(limit)));
        return limit_failure(outcome, limit);
    }
    if (WIFSIGNALED(status)) {
        return crash_failure(outcome, WTERMSIG(status));
    }
    return WEXITSTATUS(status) ? exit_failure(outcome, WEXITSTATUS(status)) : NULL;
}

static void set_result(const struct outcome *outcome)
{
    struct mc_request *request = outcome->request;
    const struct mc_runner_event *end = outcome->end->event;
    json_t *result = request->result;
    const char *fresh = json_string_value(json_object_get(request->meta, "fresh"));
    request->times.load = (int64_t) (end->load_seconds * 1e9);
    request->times.run = (int64_t) (end->run_seconds * 1e9);
    json_object_set_new(result,
                        "returncode",
                        WIFEXITED(end->status) ? json_integer(WEXITSTATUS(end->status))
                                               : json_null());
    json_object_set_new(result,
                        "signal",
                        WIFSIGNALED(end->status) ? json_integer(WTERMSIG(end->status))
                                                 : json_null());
    json_object_set_new(result, "process", json_string(end->executed ? "executed" : "forked"));
    if (end->executed) {
        const char *reason = fresh ? fresh : *end->reason ? end->reason : "it was asked for";
        json_object_set_new(result, "process_reason", json_string(reason));
    }
    json_object_set_new(result,
                        "output",
                        json_pack("{s:I, s:I}",
                                  "stdout",
                                  (json_int_t) outcome->end->out.bytes,
                                  "stderr",
                                  (json_int_t) outcome->end->err.bytes));
    set_usage(request, &end->usage);
}

json_t *mc_outcome_tell(struct mc_request *request, const struct mc_run_result *end)
{
    const struct outcome outcome = {request, end};
    set_result(&outcome);
    return failure_of(&outcome);
}
