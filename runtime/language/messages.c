#include "language/messages.h"

#include <string.h>

#define NOTEBOOK "file:///mojocell/cell.ipynb"
#define PRELUDE  "vscode-notebook-cell:/mojocell/cell.ipynb#prelude"

/* Steals `params`. */
static json_t *notification(const char *method, json_t *params)
{
    return json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params);
}

json_t *mc_language_initialize(json_int_t id)
{
    return json_pack("{s:s, s:I, s:s, s:{s:n, s:n, s:{s:{s:{s:b, s:b}}}}}",
                     "jsonrpc",
                     "2.0",
                     "id",
                     id,
                     "method",
                     "initialize",
                     "params",
                     "processId",
                     "rootUri",
                     "capabilities",
                     "textDocument",
                     "publishDiagnostics",
                     "relatedInformation",
                     1,
                     "versionSupport",
                     1);
}

json_t *mc_language_initialized(void)
{
    return notification("initialized", json_object());
}

static json_t *document(const char *uri, json_int_t version, const char *text)
{
    return json_pack(
        "{s:s, s:s, s:I, s:s}", "uri", uri, "languageId", "mojo", "version", version, "text", text);
}

json_t *mc_language_open(json_int_t version, const char *prelude, const char *text)
{
    json_t *cells = json_pack("[{s:i, s:s}, {s:i, s:s}]",
                              "kind",
                              2,
                              "document",
                              PRELUDE,
                              "kind",
                              2,
                              "document",
                              MC_LANGUAGE_CELL);
    json_t *params = json_pack("{s:{s:s, s:s, s:I, s:o}, s:[o, o]}",
                               "notebookDocument",
                               "uri",
                               NOTEBOOK,
                               "notebookType",
                               "jupyter-notebook",
                               "version",
                               version,
                               "cells",
                               cells,
                               "cellTextDocuments",
                               document(PRELUDE, version, prelude),
                               document(MC_LANGUAGE_CELL, version, text));
    return notification("notebookDocument/didOpen", params);
}

/* Ranges of a change count UTF-16, all else bytes: the whole text has none. */
static json_t *text_change(const char *uri, json_int_t version, const char *text)
{
    return json_pack("{s:{s:s, s:I}, s:[{s:s}]}",
                     "document",
                     "uri",
                     uri,
                     "version",
                     version,
                     "changes",
                     "text",
                     text);
}

json_t *mc_language_change(json_int_t version, const char *prelude, const char *text)
{
    json_t *params = json_pack("{s:{s:s, s:I}, s:{s:{s:[o, o]}}}",
                               "notebookDocument",
                               "uri",
                               NOTEBOOK,
                               "version",
                               version,
                               "change",
                               "cells",
                               "textContent",
                               text_change(PRELUDE, version, prelude),
                               text_change(MC_LANGUAGE_CELL, version, text));
    return notification("notebookDocument/didChange", params);
}

json_t *mc_language_question(json_int_t id, const char *question, const char *text, size_t offset)
{
    json_int_t line = 0;
    size_t begin = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) {
            line++;
            begin = i + 1;
        }
    }
    char method[64] = "textDocument/";
    strncat(method, question, sizeof method - strlen(method) - 1);
    return json_pack("{s:s, s:I, s:s, s:{s:{s:s}, s:{s:I, s:I}}}",
                     "jsonrpc",
                     "2.0",
                     "id",
                     id,
                     "method",
                     method,
                     "params",
                     "textDocument",
                     "uri",
                     MC_LANGUAGE_CELL,
                     "position",
                     "line",
                     line,
                     "character",
                     (json_int_t) (offset - begin));
}
