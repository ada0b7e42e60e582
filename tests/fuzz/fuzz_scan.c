/* Any bytes as a cell: what is made of them must agree with itself. */
#include "abi/signature.h"
#include "base/buf.h"
#include "base/err.h"
#include "mojo/bind.h"
#include "mojo/cell.h"
#include "mojo/comments.h"
#include "mojo/lex.h"
#include "mojo/scan.h"
#include "mojo/scan_imports.h"

#include <jansson.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_tokens(const char *source, size_t length)
{
    mc_autotokens tokens = MC_TOKENS_INIT;
    require(mc_lex(source, length, &tokens, NULL) == 0);
    size_t behind = tokens.start;
    for (size_t i = 0; i <= tokens.count; i++) {
        const struct mc_token *token = &tokens.items[i];
        require(token->start >= behind && (size_t) token->start + token->length <= length);
        require(token->length > 0 || token->kind == MC_TOKEN_NEWLINE ||
                token->kind == MC_TOKEN_END);
        require((token->kind == MC_TOKEN_END) == (i == tokens.count));
        behind = (size_t) token->start + token->length;
        if (token->length > 0) {
            require(mc_lex_at(&tokens, token->start) == token);
        }
    }
}

static int count_import(const struct mc_import *import, void *data)
{
    require(import->module[0] != '\0');
    ++*(size_t *) data;
    return 0;
}

static void check_scan(const char *source, size_t length)
{
    mc_autoscan scan = MC_SCAN_INIT;
    require(mc_scan(source, length, &scan, NULL) == 0);
    size_t behind = 0;
    for (size_t i = 0; i < scan.count; i++) {
        const struct mc_item *item = &scan.items[i];
        require(item->first_token >= behind && item->end_token > item->first_token);
        require(item->span.start < item->span.end && item->span.end <= length);
        require(item->first_line <= item->line && item->line <= item->last_line);
        require((item->def != NULL) == (item->kind == MC_ITEM_DEF));
        behind = item->end_token;
        if (item->kind == MC_ITEM_IMPORT) {
            const struct mc_cursor cursor = {
                .tokens = &scan.tokens, .at = item->first_token, .end = item->end_token};
            size_t imports = 0;
            require(mc_import_read(cursor, count_import, &imports, NULL) == 0);
        }
    }
}

/* Each place in the module that is from the cell has the same byte there. */
static void check_map(const struct mc_cell *cell)
{
    mc_autobuf module = MC_BUF_INIT;
    size_t length;
    const char *source = mc_cell_text(cell, &length);
    require(mc_cell_module(cell, &module) == 0);
    long line = 1;
    long column = 1;
    size_t lines = 1;
    for (size_t i = 0; i < length; i++) {
        lines += source[i] == '\n' ? 1 : 0;
    }
    for (size_t i = 0; i < module.length; i++) {
        long at_line = -1;
        long at_column = -1;
        mc_cell_map(cell, line, column, &at_line, &at_column);
        require(at_line >= 0 && (at_line > 0) == (at_column > 0));
        require(memchr(source, '\r', length) != NULL || at_line <= (long) lines);
        column++;
        if (module.data[i] == '\n') {
            line++;
            column = 1;
        }
    }
}

/* Every signature of the table can be read again, and the thunks can be written. */
static void check_bindings(const struct mc_cell *cell)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    mc_err err = {0};
    struct mc_bindings *bindings = NULL;
    require(mc_bindings_make(cell, NULL, NULL, &bindings, &err) == 0);
    json_t *functions = mc_bindings_functions(bindings);
    size_t i;
    json_t *function;
    json_array_foreach(functions, i, function)
    {
        mc_autosignature signature = MC_SIGNATURE_INIT;
        const char *abi = json_string_value(json_object_get(function, "abi"));
        require(mc_signature_parse(abi, &signature, &err) == 0);
    }
    json_decref(functions);
    json_decref(mc_bindings_skipped(bindings));
    json_decref(mc_bindings_records(bindings));
    require(mc_bindings_sources(bindings, "mc_x", "", &module, &entry) == 0);
    mc_bindings_free(bindings);
}

/* What has no comments has none to lose, and with its comments it is as it was. */
static void check_comments(const struct mc_cell *cell, const char *source, size_t length)
{
    mc_autobuf again = MC_BUF_INIT;
    mc_autobuf back = MC_BUF_INIT;
    mc_err err = {0};
    size_t own;
    const char *text = mc_cell_text(cell, &own);
    require(mc_comments_strip(text, own, &again, &err) == 0);
    require(again.length == own && memcmp(again.data ? again.data : "", text, own) == 0);
    require(mc_comments_restore(text, own, source, length, &back, &err) == 0);
    require(back.length == length && memcmp(back.data ? back.data : "", source, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *source = (const char *) bytes;
    check_tokens(source, length);
    check_scan(source, length);
    struct mc_cell *cell = NULL;
    mc_err err = {0};
    if (mc_cell_parse(source, length, &cell, &err) < 0) {
        require(err.code == MC_INVALID_CELL && err.hint[0] != '\0');
        return 0;
    }
    check_map(cell);
    check_comments(cell, source, length);
    check_bindings(cell);
    json_t *object = mc_cell_json(cell);
    require(object != NULL);
    json_decref(object);
    mc_cell_hint(cell, "x", 2);
    mc_cell_free(cell);
    return 0;
}
