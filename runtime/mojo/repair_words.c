#include "base/mem.h"
#include "mojo/repair_parts.h"

/* A keyword that begins a statement: it is followed by a name, as a variable of that name is not.
 */
static void
repair_keyword(struct mc_repair *r, const char *from, const char *to, const char *message)
{
    for (size_t i = 0; i < r->tokens.count; i++) {
        if (mc_repair_is(r, i, from) && mc_repair_is_name(r, i + 1) &&
            (mc_repair_is_first(r, i) ||
             (i > 0 && (mc_repair_is(r, i - 1, "async") || mc_repair_is(r, i - 1, ";"))))) {
            mc_repair_replace(r, i, to, message);
        }
    }
}

/* The name of the method whose parameters these are, `def __copyinit__(out self, other: Self)`. */
static bool is_copying(const struct mc_repair *r, size_t i)
{
    while (i > 0 && !mc_repair_is_first(r, i)) {
        i--;
    }
    return mc_repair_is(r, i + 1, "__copyinit__") || mc_repair_is(r, i + 1, "__moveinit__");
}

/* The compiler takes no notice of them, and says nothing: copies would be others than before. */
static void repair_copying(struct mc_repair *r, size_t def)
{
    bool moves = mc_repair_is(r, def + 1, "__moveinit__");
    const char *message = moves ? "`__moveinit__` is `__init__(…, *, deinit move: Self)` now"
                                : "`__copyinit__` is `__init__(…, *, copy: Self)` now";
    size_t name = mc_repair_match(r, def + 2);
    size_t end = mc_repair_block_end(r, def);
    while (name > def && !mc_repair_is(r, name, ",")) {
        name--;
    }
    size_t first = name + 1;
    name = mc_repair_is(r, first + 1, ":") ? first : first + 1;
    mc_autofree char *text = mc_repair_text(r, name, name);
    if (text == NULL || first == def + 1 || !mc_repair_is(r, name + 1, ":")) {
        return;
    }
    mc_edits_begin_group(&r->edits);
    mc_repair_replace(r, def + 1, "__init__", message);
    mc_edits_add(&r->edits,
                 mc_repair_token(r, first)->start,
                 mc_repair_end(r, name),
                 moves ? "*, deinit move" : "*, copy",
                 message);
    for (size_t i = name + 1; i < end; i++) {
        if (mc_repair_is_free(r, i, text)) {
            mc_repair_replace(r, i, moves ? "move" : "copy", message);
        }
    }
    mc_edits_end_group(&r->edits);
}

static void repair_all_copying(struct mc_repair *r)
{
    for (size_t i = 0; i + 3 < r->tokens.count; i++) {
        bool def = mc_repair_is(r, i, "def") || mc_repair_is(r, i, "fn");
        if (def && mc_repair_is_first(r, i) && is_copying(r, i) && mc_repair_is(r, i + 2, "(")) {
            repair_copying(r, i);
        }
    }
}

/* `inout x`, `owned x`, `borrowed x` at the start of an argument. */
static void repair_conventions(struct mc_repair *r)
{
    for (size_t i = 1; i < r->tokens.count; i++) {
        bool argument = mc_repair_token(r, i)->depth > 0 &&
                        (mc_repair_is(r, i - 1, "(") || mc_repair_is(r, i - 1, ",")) &&
                        (mc_repair_is_name(r, i + 1) || mc_repair_is(r, i + 1, "*"));
        bool is_self = i >= 2 && mc_repair_is(r, i + 1, "self");
        if (!argument || (!is_self && is_copying(r, i))) {
            continue;
        }
        if (mc_repair_is(r, i, "inout")) {
            bool makes = is_self && (mc_repair_is(r, i - 2, "__init__") ||
                                     mc_repair_is(r, i - 2, "__copyinit__") ||
                                     mc_repair_is(r, i - 2, "__moveinit__"));
            mc_repair_replace(r,
                              i,
                              makes ? "out" : "mut",
                              makes ? "`inout self` is `out self` in `__init__`"
                                    : "`inout` is `mut` now");
        } else if (mc_repair_is(r, i, "owned")) {
            bool ends = is_self && mc_repair_is(r, i - 2, "__del__");
            mc_repair_replace(r,
                              i,
                              ends ? "deinit" : "var",
                              ends ? "`owned self` is `deinit self` in `__del__`"
                                   : "`owned` is `var` now");
        } else if (mc_repair_is(r, i, "borrowed")) {
            mc_edits_add(&r->edits,
                         mc_repair_token(r, i)->start,
                         mc_repair_token(r, i + 1)->start,
                         "",
                         "`borrowed` is the default");
        }
    }
}

/* `@parameter` above `for` or `if`. */
static void repair_parameter(struct mc_repair *r)
{
    static const char message[] = "`@parameter` is `comptime` now";
    for (size_t i = 0; i + 3 < r->tokens.count; i++) {
        bool block = mc_repair_is(r, i + 3, "for") || mc_repair_is(r, i + 3, "if");
        bool unrolls = mc_repair_is(r, i + 1, "unroll") && mc_repair_is(r, i + 3, "for");
        if (mc_repair_is(r, i, "@") && block &&
            mc_repair_token(r, i + 2)->kind == MC_TOKEN_NEWLINE &&
            (unrolls || mc_repair_is(r, i + 1, "parameter"))) {
            mc_repair_remove_line(r, i, message);
            mc_repair_insert(r, mc_repair_token(r, i + 3)->start, "comptime ", message);
        }
    }
}

void mc_repair_words(struct mc_repair *r)
{
    repair_keyword(r, "fn", "def", "'fn' has been removed; use 'def' instead");
    repair_keyword(r, "let", "var", "`let` is `var` now");
    repair_keyword(r, "alias", "comptime", "`alias` is `comptime` now");
    repair_conventions(r);
    repair_all_copying(r);
    repair_parameter(r);
}
