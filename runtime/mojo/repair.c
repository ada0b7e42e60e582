#include "mojo/repair.h"

#include "base/mem.h"
#include "mojo/diag_text.h"
#include "mojo/repair_parts.h"

#include <string.h>

/* The compiler gives up early: it reports the first old import, and of old functions only those
 * that something new needs. So what one error shows to be old is repaired everywhere at once. No
 * repair moves a line: what an error says of a repaired cell is true of the cell as it was typed.
 */

static void repair_fini(struct mc_repair *r)
{
    mc_tokens_fini(&r->tokens);
    mc_edits_fini(&r->edits);
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether the error is one of older Mojo whose words mc_repair_words replaces. */
static bool is_old_word(const struct mc_repair_error *e)
{
    return starts(e->message, "'fn' has been removed") ||
           starts(e->message, "expected ')' in argument list") ||
           strstr(e->message, "statement does not support decorators") != NULL ||
           (starts(e->message, "expressions must not appear at file scope") &&
            starts(e->line + strspn(e->line, " \t"), "alias "));
}

static bool offset_of(const struct mc_repair *r,
                      const json_t *object,
                      const char *line_key,
                      const char *column_key,
                      size_t *ret)
{
    size_t length;
    long line = (long) json_integer_value(json_object_get(object, line_key));
    long column = (long) json_integer_value(json_object_get(object, column_key));
    const char *text = mc_text_line(r->source, r->length, line, &length);
    size_t byte = (size_t) mc_text_byte_column(text, length, column) - 1;
    if (line < 1 || column < 1 || text < r->source || text > r->source + r->length ||
        byte > length) {
        return false;
    }
    *ret = (size_t) (text - r->source) + byte;
    return true;
}

/* `fn` is also said to have been removed where it is a variable's name: that stays. */
static bool is_function_type(const struct mc_repair *r, size_t offset)
{
    const struct mc_token *t = mc_lex_at(&r->tokens, offset);
    size_t i = (size_t) (t - r->tokens.items);
    return mc_repair_is(r, i, "fn") && (mc_repair_is(r, i + 1, "(") ||
                                        mc_repair_is(r, i + 1, "[") || mc_repair_is_name(r, i + 1));
}

static void apply_fixits(struct mc_repair *r, const json_t *diagnostic, const char *message)
{
    bool about_fn = starts(message, "'fn' has been removed");
    size_t i;
    json_t *fixit;
    json_array_foreach(json_object_get(diagnostic, "fixits"), i, fixit)
    {
        size_t start;
        size_t end;
        const char *text = json_string_value(json_object_get(fixit, "text"));
        if (text != NULL && offset_of(r, fixit, "line", "column", &start) &&
            offset_of(r, fixit, "end_line", "end_column", &end) && start <= end &&
            (!about_fn || is_function_type(r, start))) {
            mc_edits_add(&r->edits, start, end, text, message);
        }
    }
}

static size_t token_at(const struct mc_repair *r, const json_t *diagnostic)
{
    size_t offset;
    if (!offset_of(r, diagnostic, "line", "column", &offset)) {
        return r->tokens.count;
    }
    return (size_t) (mc_lex_at(&r->tokens, offset) - r->tokens.items);
}

static void repair_error(struct mc_repair *r, const json_t *diagnostic)
{
    const char *line = json_string_value(json_object_get(diagnostic, "source"));
    struct mc_repair_error e = {
        .message = json_string_value(json_object_get(diagnostic, "message")),
        .line = line != NULL ? line : "",
        .notes = json_object_get(diagnostic, "notes"),
        .at = token_at(r, diagnostic),
    };
    if (e.message == NULL) {
        return;
    }
    bool old = mc_repair_structs(r, &e) | mc_repair_names(r, &e) | mc_repair_imports(r, &e);
    r->old |= old || is_old_word(&e);
    mc_repair_types(r, &e);
    mc_repair_values(r, &e);
    /* A guess is the user's to take: the nearest name need not be the one that was meant. */
    if (strstr(e.message, "did you mean") == NULL) {
        apply_fixits(r, diagnostic, e.message);
    }
}

int mc_repair(const char *source,
              size_t length,
              const json_t *diagnostics,
              struct mc_buf *ret,
              json_t **ret_changes,
              mc_err *err)
{
    __attribute__((cleanup(repair_fini))) struct mc_repair r = {.source = source, .length = length};
    size_t i;
    json_t *diagnostic;
    mc_buf_clear(ret);
    if (mc_lex(source, length, &r.tokens, err) < 0) {
        return -1;
    }
    json_array_foreach(diagnostics, i, diagnostic)
    {
        const char *kind = json_string_value(json_object_get(diagnostic, "kind"));
        if (kind != NULL && strcmp(kind, "error") == 0 &&
            json_object_get(diagnostic, "file") == NULL) {
            repair_error(&r, diagnostic);
        }
    }
    if (r.old) {
        mc_repair_words(&r);
    }
    if (r.edits.count == 0 && !r.edits.failed) {
        return 1;
    }
    if (mc_edits_apply(&r.edits, source, length, ret, ret_changes, err) < 0) {
        return -1;
    }
    if (r.edits.count > 0) {
        return 0;
    }
    json_decref(*ret_changes);
    *ret_changes = NULL;
    mc_buf_clear(ret);
    return 1;
}
