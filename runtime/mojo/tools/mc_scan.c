/* mc-scan [--module | --functions | --entry NAME] FILE: what the scanner says about a cell, for
 * tests and for looking at it. */
#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "mojo/bind.h"
#include "mojo/cell.h"

#include <jansson.h>

#include <stdio.h>
#include <string.h>

#define USAGE "usage: mc-scan [--json | --module | --functions | --entry NAME] FILE\n"

static int fail(const mc_err *err)
{
    fprintf(stderr, "%s: %s\n", mc_code_name(err->code), err->message);
    if (err->hint[0] != '\0') {
        fprintf(stderr, "hint: %s\n", err->hint);
    }
    return 1;
}

static int print_json(const struct mc_cell *cell)
{
    json_t *object = mc_cell_json(cell);
    if (object == NULL) {
        return 1;
    }
    json_object_set_new(object, "kind", json_string(mc_cell_kind_name(mc_cell_kind(cell))));
    json_dumpf(object, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
    return 0;
}

static int print_functions(struct mc_bindings *bindings)
{
    json_t *object = json_pack("{s:o, s:o, s:o}",
                               "functions",
                               mc_bindings_functions(bindings),
                               "records",
                               mc_bindings_records(bindings),
                               "skipped",
                               mc_bindings_skipped(bindings));
    mc_bindings_free(bindings);
    json_dumpf(object, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
    return 0;
}

static int print(const struct mc_cell *cell, const char *what, const char *module)
{
    mc_autobuf text = MC_BUF_INIT;
    if (strcmp(what, "--json") == 0) {
        return print_json(cell);
    }
    mc_autobuf entry = MC_BUF_INIT;
    mc_err err = {0};
    struct mc_bindings *bindings;
    if (mc_bindings_make(cell, NULL, NULL, &bindings, &err) < 0) {
        return fail(&err);
    }
    if (strcmp(what, "--functions") == 0) {
        return print_functions(bindings);
    }
    int added = mc_bindings_sources(bindings, module, "", &text, &entry);
    mc_bindings_free(bindings);
    const struct mc_buf *wanted = strcmp(what, "--entry") == 0 ? &entry : &text;
    return added == 0 && fwrite(wanted->data, 1, wanted->length, stdout) == wanted->length ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "--json";
    bool entry = strcmp(what, "--entry") == 0;
    bool known = entry || strcmp(what, "--json") == 0 || strcmp(what, "--module") == 0 ||
                 strcmp(what, "--functions") == 0;
    if (!known || argc != (entry ? 4 : argc > 2 ? 3 : 2)) {
        fputs(USAGE, stderr);
        return 2;
    }
    mc_autobuf source = MC_BUF_INIT;
    mc_err err = {0};
    struct mc_cell *cell = NULL;
    if (mc_fs_read(argv[argc - 1], 64 << 20, &source, &err) < 0 ||
        mc_cell_parse(source.data != NULL ? source.data : "", source.length, &cell, &err) < 0) {
        return fail(&err);
    }
    int status = print(cell, what, argv[2]);
    mc_cell_free(cell);
    return status;
}
