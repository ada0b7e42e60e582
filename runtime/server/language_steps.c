#include "server/language_steps.h"

#include "abi/kind.h"
#include "base/mem.h"
#include "language/answers.h"
#include "mojo/cell.h"
#include "mojo/repair.h"
#include "server/cache_key.h"
#include "server/compile_steps.h"
#include "server/formatter.h"
#include "server/language.h"
#include "server/language_job.h"
#include "server/language_use.h"
#include "server/pipeline.h"

#include <string.h>

static enum mc_progress fail(struct mc_request *request, const mc_err *err)
{
    if (err->code != MC_INVALID_CELL) {
        return mc_step_fail(request, err);
    }
    mc_request_refuse(request, mc_failure(mc_code_name(err->code), err->message, err->hint));
    return MC_ANSWERED;
}

static enum mc_progress finish(struct mc_request *request, const char *name, json_t *value)
{
    mc_step_set(request, name, value);
    mc_request_finish(request, true, json_incref(request->result));
    return MC_ANSWERED;
}

static int64_t patience(const struct mc_request *request)
{
    return (int64_t) (request->fields.deadline * 1e9);
}

/* ---- the cell ---- */

/* Both `main` and statements, which nothing can be made of. */
static void add_invalid(json_t *diagnostics, const mc_err *err)
{
    json_array_append_new(diagnostics,
                          json_pack("{s:s, s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:[], s:[]}",
                                    "kind",
                                    "error",
                                    "message",
                                    err->message,
                                    "hint",
                                    err->hint,
                                    "line",
                                    "column",
                                    "end_line",
                                    "end_column",
                                    "source",
                                    "notes",
                                    "fixits"));
}

/* What a run would repair by itself is no error. */
static void soften(json_t *diagnostics, const json_t *changes)
{
    size_t i;
    size_t k;
    json_t *one;
    json_t *change;
    json_array_foreach(diagnostics, i, one)
    {
        json_array_foreach(changes, k, change)
        {
            if (json_equal(json_object_get(one, "line"), json_object_get(change, "line"))) {
                json_object_set_new(one, "kind", json_string("warning"));
            }
        }
    }
}

static void repair(struct mc_request *request, json_t *diagnostics)
{
    const struct mc_fields *fields = &request->fields;
    mc_autobuf text = MC_BUF_INIT;
    json_t *changes = NULL;
    mc_err ignored;
    if (!fields->modernize ||
        mc_repair(fields->source, fields->source_length, diagnostics, &text, &changes, &ignored) !=
            0) {
        return;
    }
    soften(diagnostics, changes);
    mc_step_set(request, "modernized", changes);
    mc_step_set(request, "source", json_stringn(text.data ? text.data : "", text.length));
}

static enum mc_progress answer_check(struct mc_request *request, const json_t *found)
{
    const struct mc_fields *fields = &request->fields;
    mc_err err = {0};
    struct mc_cell *cell = NULL;
    const struct mc_language_text *text = fields->line > 0 ? &request->language->text : NULL;
    int parsed = mc_cell_parse(fields->source, fields->source_length, &cell, &err);
    if (parsed < 0 && err.code != MC_INVALID_CELL) {
        return mc_step_fail(request, &err);
    }
    json_t *diagnostics =
        mc_language_diagnostics(fields->source, fields->source_length, cell, text, found);
    mc_cell_free(cell);
    if (!diagnostics) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        return mc_step_fail(request, &err);
    }
    if (parsed < 0) {
        add_invalid(diagnostics, &err);
    }
    repair(request, diagnostics);
    return finish(request, "diagnostics", diagnostics);
}

/* ---- the question ---- */

/* What comes before the cell: the names that it uses, and its inputs. */
static int write_prelude(struct mc_request *request, mc_err *err)
{
    struct mc_buf *prelude = &request->language->prelude;
    const struct mc_buf *imports = &request->cache_key->using.imports;
    mc_buf_add(prelude, imports->data ? imports->data : "", imports->length);
    for (size_t i = 0; i < request->io.n_inputs; i++) {
        mc_buf_addf(prelude, "var %s: ", request->io.inputs[i].name);
        mc_type_write_mojo(&request->io.inputs[i].type, prelude);
        mc_buf_addc(prelude, '\n');
    }
    mc_buf_adds(prelude, "\n");
    return mc_buf_check(prelude, err);
}

static enum mc_language_what what_of(enum mc_op op)
{
    return op == MC_OP_CHECK      ? MC_LANGUAGE_CHECK
           : op == MC_OP_COMPLETE ? MC_LANGUAGE_NAMES
                                  : MC_LANGUAGE_HOVER;
}

static struct mc_language_question question_of(const struct mc_request *request,
                                               enum mc_language_what what)
{
    const struct mc_language_use *use = request->language;
    const struct mc_fields *fields = &request->fields;
    bool has_cursor = fields->line > 0;
    return (struct mc_language_question) {
        .toolchain = request->toolchain,
        .include = request->cache_key->include.items,
        .using = &request->cache_key->using,
        .prelude = use->prelude.data,
        .text = has_cursor ? use->text.text.data : fields->source,
        .what = what,
        .place = use->text.word,
        .to_end = what == MC_LANGUAGE_NAMES && !use->text.is_member,
        .need = use->text.word,
        .patience = patience(request),
        .who = request->peer,
        .cell = fields->cell ? fields->cell : "",
    };
}

/* Where names can be asked for. */
static bool has_names(const struct mc_language_text *text)
{
    return !text->is_blind && (text->is_member || text->has_name || text->word < text->end);
}

static void foresee(const struct mc_request *request)
{
    const struct mc_language_use *use = request->language;
    if (request->fields.line > 0 && has_names(&use->text)) {
        struct mc_language_question names = question_of(request, MC_LANGUAGE_NAMES);
        mc_language_foresee(&request->server->languages, &names);
    }
}

/* Help is about the name at the cursor, or about what is called there. False: there is none. */
static bool find_name(const struct mc_request *request, struct mc_language_question *question)
{
    struct mc_language_use *use = request->language;
    const struct mc_language_text *text = &use->text;
    size_t end = text->end;
    bool found = request->op == MC_OP_HOVER ? !text->is_blind && text->word < text->end
                                            : mc_language_call(text, &end, &use->argument);
    question->place = request->op == MC_OP_HOVER ? text->word : end - 1;
    question->need = end;
    return found;
}

static enum mc_progress ask(struct mc_request *request, const struct mc_language_question *question)
{
    mc_err err = {0};
    struct mc_language_use *use = request->language;
    mc_language_leave(mc_take(&use->job));
    if (mc_language_ask(&request->server->languages, question, &use->waiter, &use->job, &err) < 0) {
        return mc_step_fail(request, &err);
    }
    return MC_WAIT;
}

/* ---- the steps ---- */

/* What needs neither a compiler nor a language server. */
static enum mc_progress step_look(struct mc_request *request)
{
    const struct mc_fields *fields = &request->fields;
    struct mc_language_use *use = request->language;
    mc_err err = {0};
    size_t ignored;
    if (fields->line > 0 &&
        mc_language_text_make(
            fields->source, fields->source_length, fields->line, fields->column, &use->text, &err) <
            0) {
        return mc_step_fail(request, &err);
    }
    if (mc_cell_io_read(fields->inputs, NULL, &request->io, &err) < 0) {
        return mc_step_fail(request, &err);
    }
    bool is_wrong =
        mc_language_slip(fields->source, fields->source_length, &ignored, &ignored) != NULL;
    if (request->op == MC_OP_CHECK && (fields->quick || (is_wrong && fields->line <= 0))) {
        return answer_check(request, NULL);
    }
    if (request->op == MC_OP_COMPLETE && !has_names(&use->text)) {
        mc_step_set(request, "prefix", json_string(""));
        return finish(request, "items", json_array());
    }
    return MC_NEXT;
}

static enum mc_progress step_ask(struct mc_request *request)
{
    mc_err err = {0};
    size_t ignored;
    const struct mc_fields *fields = &request->fields;
    if (mc_cache_key_surroundings(fields,
                                  request->environment.items,
                                  request->server->core.options.package,
                                  &request->cache_key,
                                  &err) < 0 ||
        write_prelude(request, &err) < 0) {
        return fail(request, &err);
    }
    struct mc_language_question question = question_of(request, what_of(request->op));
    if (request->op == MC_OP_CHECK) {
        if (mc_language_slip(fields->source, fields->source_length, &ignored, &ignored)) {
            foresee(request);
            return answer_check(request, NULL);
        }
    } else if (request->op != MC_OP_COMPLETE && !find_name(request, &question)) {
        return finish(request, "help", json_null());
    }
    return ask(request, &question);
}

static enum mc_progress answer_names(struct mc_request *request, const json_t *found)
{
    const struct mc_language_text *text = &request->language->text;
    const char *word = text->text.data + text->word;
    mc_step_set(request, "prefix", json_stringn(word, text->cursor - text->word));
    return finish(request, "items", mc_language_items(found, text));
}

/* What is called, where hovering does not tell; the server tells that directly behind the bracket
 * alone. */
static enum mc_progress ask_for_signatures(struct mc_request *request)
{
    struct mc_language_question question = question_of(request, MC_LANGUAGE_SIGNATURES);
    find_name(request, &question);
    question.place = question.need + 1;
    question.need = question.place;
    request->language->asked_again = true;
    return ask(request, &question);
}

static enum mc_progress answer_help(struct mc_request *request, const json_t *found)
{
    json_t *help =
        request->language->asked_again ? mc_language_signatures(found) : mc_language_help(found);
    if (request->op == MC_OP_SIGNATURE && json_is_object(help)) {
        json_object_set_new(help, "argument", json_integer(request->language->argument));
    }
    return finish(request, "help", help);
}

static enum mc_progress step_said(struct mc_request *request)
{
    mc_err err = {0};
    const json_t *found;
    struct mc_language_use *use = request->language;
    if (mc_language_answer(use->job, &found, &err) < 0) {
        if (err.code == MC_TIMEOUT && request->op == MC_OP_COMPLETE) {
            foresee(request); /* for who asks once more */
        }
        return mc_step_fail(request, &err);
    }
    switch (request->op) {
    case MC_OP_CHECK:
        foresee(request);
        return answer_check(request, found);
    case MC_OP_COMPLETE:
        return answer_names(request, found);
    case MC_OP_SIGNATURE:
        if (!use->asked_again && !json_is_object(found)) {
            return ask_for_signatures(request);
        }
        /* fallthrough */
    default:
        return answer_help(request, found);
    }
}

static enum mc_progress step_format(struct mc_request *request)
{
    mc_err err = {0};
    mc_autobuf source = MC_BUF_INIT;
    struct mc_language_use *use = request->language;
    mc_buf_add(&source, request->fields.source, request->fields.source_length);
    if (mc_buf_check(&source, &err) < 0 || mc_formatter_start(&request->server->core,
                                                              request->toolchain,
                                                              request->environment.items,
                                                              &source,
                                                              patience(request),
                                                              &use->waiter,
                                                              &use->formatter,
                                                              &err) < 0) {
        return mc_step_fail(request, &err);
    }
    return MC_WAIT;
}

static enum mc_progress step_formatted(struct mc_request *request)
{
    mc_err err = {0};
    mc_autobuf made = MC_BUF_INIT;
    if (mc_formatter_result(request->language->formatter, &made, &err) < 0) {
        return fail(request, &err);
    }
    return finish(request, "source", json_stringn(made.data ? made.data : "", made.length));
}

static const struct mc_step question_steps[] = {{"look", step_look},
                                                {"toolchain", mc_step_toolchain},
                                                {"toolchain_known", mc_step_toolchain_known},
                                                {"ask", step_ask},
                                                {"said", step_said},
                                                {"said", step_said},
                                                {0}};

static const struct mc_step format_steps[] = {{"toolchain", mc_step_toolchain},
                                              {"toolchain_known", mc_step_toolchain_known},
                                              {"format", step_format},
                                              {"formatted", step_formatted},
                                              {0}};

void mc_language_start(struct mc_request *request)
{
    mc_err err;
    request->language = mc_new(struct mc_language_use);
    request->result = json_object();
    if (!request->language) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        mc_request_fail(request, &err);
        return;
    }
    request->language->waiter.task = (struct mc_task) {.go = mc_request_woken, .owner = request};
    mc_request_start(request, request->op == MC_OP_FORMAT ? format_steps : question_steps);
}
