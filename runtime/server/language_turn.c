#include "server/language_turn.h"

#include "base/mem.h"
#include "base/os.h"
#include "language/answers.h"
#include "language/messages.h"
#include "language/text.h"
#include "server/language_job.h"

#include <string.h>

static const int64_t MS = 1000000;
static const int64_t IDLE = 300000000000; /* without a question */

enum { LOOK_MS = 200, MOST_TRIES = 2 };

/* ---- its process ---- */

static void be_idle(struct mc_language_server *server)
{
    server->asked = 0;
    server->asking = NULL;
    server->busy_since = 0;
    mc_loop_disarm(&server->look);
}

static void be_busy(struct mc_language_server *server)
{
    server->busy_since = mc_os_now();
    mc_loop_arm(&server->languages->core->loop, &server->look, LOOK_MS * MS);
}

static bool is_busy(const struct mc_language_server *server)
{
    return server->busy_since > 0;
}

void mc_language_server_stop(struct mc_language_server *server)
{
    mc_language_process_stop(&server->process);
    be_idle(server);
    server->is_ready = false;
    free(mc_take(&server->text));
    free(mc_take(&server->prelude));
    json_decref(mc_take(&server->diagnostics));
    server->changes = 0;
}

/* What the server was at when it was lost counts as tried. */
static void count_tries(struct mc_language_server *server)
{
    mc_err err;
    mc_err_set(&err, MC_TOOLCHAIN_FAILED, "the language server fails on this cell");
    mc_err_hint(&err, "it is a fault of the language server: the cell can still be run");
    MC_LIST_EACH(&server->jobs, struct mc_language_job, job, node)
    {
        bool at_it =
            job == server->asking || !server->is_ready || mc_language_has_read(server, job);
        job->tries += at_it;
        if (job->tries >= MOST_TRIES) {
            mc_language_job_fail(job, &err);
        }
    }
}

static void replace(struct mc_language_server *server, const char *why)
{
    if (why) {
        mc_log("the language server %s: it is replaced", why);
    }
    if (is_busy(server)) {
        count_tries(server);
    }
    mc_language_server_stop(server);
    mc_loop_post(&server->languages->core->loop, &server->go);
}

static void on_ended(struct mc_language_process *process)
{
    replace(process->owner, NULL);
}

static void on_look(struct mc_timer *timer)
{
    struct mc_language_server *server = timer->owner;
    const struct mc_options *options = &server->languages->core->options;
    int64_t most = options->language_memory * (server->changes > 1 ? 1 : 3);
    if (mc_os_now() - server->busy_since > options->language_seconds * 1000 * MS) {
        replace(server, "hangs");
    } else if (mc_os_rss(server->process.child.pid) > most) {
        replace(server, "has too much memory");
    } else {
        mc_loop_arm(&server->languages->core->loop, timer, LOOK_MS * MS);
    }
}

static void on_idle(struct mc_timer *timer)
{
    struct mc_language_server *server = timer->owner;
    if (mc_list_empty(&server->jobs)) {
        mc_language_server_stop(server);
    }
}

/* ---- what it is told and asked ---- */

static const char *const METHODS[] = {[MC_LANGUAGE_NAMES] = "completion",
                                      [MC_LANGUAGE_HOVER] = "hover",
                                      [MC_LANGUAGE_SIGNATURES] = "signatureHelp"};

static int say(struct mc_language_server *server, json_t *message, mc_err *err)
{
    be_busy(server);
    return mc_language_process_say(&server->process, message, err);
}

static int start(struct mc_language_server *server, mc_err *err)
{
    if (mc_language_process_start(&server->process, &server->argv, &server->env, server->dir, err) <
        0) {
        return -1;
    }
    server->asked = ++server->serial;
    return say(server, mc_language_initialize(server->asked), err);
}

static int
send_text(struct mc_language_server *server, const struct mc_language_job *job, mc_err *err)
{
    bool is_first = server->text == NULL;
    char *prelude = strdup(job->prelude);
    char *text = strdup(job->text);
    free(server->prelude);
    free(server->text);
    server->prelude = prelude;
    server->text = text;
    json_decref(mc_take(&server->diagnostics));
    server->version = ++server->serial;
    server->changes++;
    if (!prelude || !text) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    return say(server,
               is_first ? mc_language_open(server->version, prelude, text)
                        : mc_language_change(server->version, prelude, text),
               err);
}

/* What it has read may have another end of the word than what is asked about. */
static size_t place_in(const char *text, const struct mc_language_job *job)
{
    size_t place = job->place;
    while (job->to_end && mc_language_is_word(text[place])) {
        place++;
    }
    return place;
}

static int ask(struct mc_language_server *server, struct mc_language_job *job, mc_err *err)
{
    size_t place = place_in(server->text, job);
    server->asked = ++server->serial;
    server->asking = job;
    return say(
        server, mc_language_question(server->asked, METHODS[job->what], server->text, place), err);
}

/* A job that needs no other text than what was read, else the newest; NULL: there is none. */
static struct mc_language_job *next_job(const struct mc_language_server *server)
{
    struct mc_language_job *found = NULL;
    MC_LIST_EACH(&server->jobs, struct mc_language_job, job, node)
    {
        found = job;
        if (server->diagnostics && mc_language_is_enough(server, job)) {
            break;
        }
    }
    return found;
}

/* One step towards an answer of the job; 1 where it has it. */
static int further(struct mc_language_server *server, struct mc_language_job *job, mc_err *err)
{
    json_t *names = mc_language_known_names(server, job);
    if (names) {
        mc_language_job_answer(job, names);
        return 1;
    }
    if (!mc_language_process_runs(&server->process)) {
        return start(server, err);
    }
    if (!server->diagnostics || !mc_language_is_enough(server, job)) {
        return send_text(server, job, err);
    }
    if (job->what == MC_LANGUAGE_CHECK) {
        mc_language_job_answer(job, server->diagnostics);
        return 1;
    }
    return ask(server, job, err);
}

/* So that a server that has grown is replaced by one that has read what it had. */
static void renew_where_grown(struct mc_language_server *server)
{
    mc_err ignored;
    int64_t most = server->languages->core->options.language_memory;
    if (server->changes < 2 || mc_os_rss(server->process.child.pid) < most - most / 5) {
        return;
    }
    struct mc_language_question again = {
        .prelude = server->prelude, .text = server->text, .what = MC_LANGUAGE_CHECK, .cell = ""};
    mc_language_job_add(server, &again, &ignored);
    mc_log("the language server has grown: it is renewed");
    mc_language_server_stop(server);
    mc_loop_post(&server->languages->core->loop, &server->go);
}

static void answer_known(struct mc_language_server *server)
{
    MC_LIST_EACH(&server->jobs, struct mc_language_job, job, node)
    {
        json_t *names = mc_language_known_names(server, job);
        if (names) {
            mc_language_job_answer(job, names);
        }
    }
}

static void on_go(struct mc_task *task)
{
    struct mc_language_server *server = task->owner;
    mc_err err = {0};
    answer_known(server);
    while (!is_busy(server)) {
        struct mc_language_job *job = next_job(server);
        if (!job) {
            mc_loop_arm(&server->languages->core->loop, &server->idle, IDLE);
            if (mc_language_process_runs(&server->process)) {
                renew_where_grown(server);
            }
            return;
        }
        if (further(server, job, &err) < 0) {
            mc_language_server_stop(server);
            mc_language_job_fail(job, &err);
        }
    }
}

/* ---- what it says ---- */

static void on_answer(struct mc_language_server *server, const json_t *message)
{
    struct mc_language_job *job = server->asking;
    json_t *result = json_object_get(message, "result");
    mc_err err;
    be_idle(server);
    if (!server->is_ready) {
        server->is_ready = true;
        if (mc_language_process_say(&server->process, mc_language_initialized(), &err) < 0) {
            replace(server, "cannot be spoken to");
        }
        return;
    }
    if (!job) {
        return;
    }
    bool says_nothing = job->what == MC_LANGUAGE_NAMES ? mc_language_count(result) == 0
                                                       : !result || json_is_null(result);
    if (says_nothing && !job->exactly && !mc_language_has_read(server, job)) {
        job->exactly = true;
        return;
    }
    if (job->what == MC_LANGUAGE_NAMES && !says_nothing) {
        mc_language_remember(server, job, result);
    }
    mc_language_job_answer(job, result ? result : json_null());
}

static void on_diagnostics(struct mc_language_server *server, const json_t *params)
{
    const char *uri = json_string_value(json_object_get(params, "uri"));
    json_int_t version = json_integer_value(json_object_get(params, "version"));
    if (mc_language_same(uri, MC_LANGUAGE_CELL) && version == server->version && !server->asked) {
        json_decref(server->diagnostics);
        server->diagnostics = json_incref(json_object_get(params, "diagnostics"));
        be_idle(server);
    }
}

static void on_message(struct mc_language_process *process, const json_t *message)
{
    struct mc_language_server *server = process->owner;
    const char *method = json_string_value(json_object_get(message, "method"));
    const json_t *id = json_object_get(message, "id");
    if (mc_language_same(method, "textDocument/publishDiagnostics")) {
        on_diagnostics(server, json_object_get(message, "params"));
    } else if (!method && server->asked && json_integer_value(id) == server->asked) {
        on_answer(server, message);
    }
    mc_loop_post(&server->languages->core->loop, &server->go);
}

void mc_language_server_init(struct mc_language_server *server, struct mc_core *core)
{
    mc_list_init(&server->jobs);
    server->look = (struct mc_timer) {.due = on_look, .owner = server};
    server->idle = (struct mc_timer) {.due = on_idle, .owner = server};
    server->go = (struct mc_task) {.go = on_go, .owner = server};
    mc_language_process_init(&server->process, core);
    server->process.message = on_message;
    server->process.ended = on_ended;
    server->process.owner = server;
}
