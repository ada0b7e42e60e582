/* Names in the headers of functions. */
#include "mojo/bind_reader.h"

char *mc_bind_text(const struct mc_cell *cell, struct mc_span span)
{
    const struct mc_tokens *tokens = &cell->scan.tokens;
    mc_autobuf buf = MC_BUF_INIT;
    size_t behind = span.start;
    for (const struct mc_token *token = mc_lex_at(tokens, span.start);
         token->kind != MC_TOKEN_END && token->start < span.end;
         token++) {
        if (token->kind != MC_TOKEN_NEWLINE) {
            mc_buf_adds(&buf, buf.length > 0 && token->start > behind ? " " : "");
            mc_buf_add(&buf, cell->source + token->start, token->length);
            behind = (size_t) token->start + token->length;
        }
    }
    return mc_buf_steal(&buf);
}

bool mc_bind_is_own(const struct mc_cell *cell, const struct mc_token *token)
{
    struct mc_scope scope = {.module = "", .cell = cell};
    const struct mc_scopes alone = {.items = &scope, .count = 1};
    return mc_scope_find(&alone, &scope, cell->source + token->start, token->length).meaning !=
           MC_MEANS_NOTHING;
}

int mc_bind_own_type(const struct mc_cell *cell,
                     const struct mc_def *def,
                     struct mc_span span,
                     struct mc_type *ret,
                     bool *ret_slice)
{
    mc_autobuf why = MC_BUF_INIT;
    struct mc_scope scope = {.module = "mc_cell", .cell = cell};
    const struct mc_scopes alone = {.items = &scope, .count = 1};
    return mc_bind_type(&alone, def, span, ret, ret_slice, &why);
}
