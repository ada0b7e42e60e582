#include "mojo/bind_parts.h"
#include "mojo/scan.h"

#include <string.h>

static bool
is_named(const struct mc_cell *cell, const struct mc_arg *param, const struct mc_token *token)
{
    struct mc_span name = param->name;
    return name.end - name.start == token->length &&
           memcmp(cell->source + name.start, cell->source + token->start, token->length) == 0;
}

const struct mc_arg *mc_bind_width(const struct mc_cell *cell, const struct mc_def *def)
{
    const struct mc_arg *param = def->n_params == 1 ? def->params : NULL;
    if (!param || param->inferred || param->default_value.end > param->default_value.start) {
        return NULL;
    }
    struct mc_cursor type = mc_bind_cursor(cell, param->type);
    bool whole = mc_cursor_is(&type, 0, "Int") && type.at + 1 == type.end;
    return whole && mc_bind_count_width(cell, param, def->arguments) > 0 ? param : NULL;
}

size_t
mc_bind_count_width(const struct mc_cell *cell, const struct mc_arg *width, struct mc_span in)
{
    size_t count = 0;
    for (struct mc_cursor cursor = mc_bind_cursor(cell, in); cursor.at < cursor.end; cursor.at++) {
        count += mc_cursor_is(&cursor, 0, ",") && mc_cursor_is(&cursor, 2, "]") &&
                 is_named(cell, width, mc_cursor_peek(&cursor, 1));
    }
    return count;
}
