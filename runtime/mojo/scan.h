/* What a Mojo source consists of at its top level, with the full signature of each function. Knows
 * older Mojo as well
 * (`fn`, `alias`, `let`, `owned`, `inout`). Takes any bytes; what the compiler refuses is still
 * sorted into something. */
#pragma once

#include "mojo/scan_def.h"

enum mc_item_kind {
    MC_ITEM_IMPORT, /* `import …`, `from … import …` */
    MC_ITEM_DEF,    /* `def`, `fn`, `async def` */
    MC_ITEM_STRUCT, /* also `class` */
    MC_ITEM_TRAIT,
    MC_ITEM_COMPTIME,  /* `comptime name = …`, `alias name = …`; not `comptime if`, `comptime for`,
                          `comptime assert` */
    MC_ITEM_EXTENSION, /* `__extension Type:` */
    MC_ITEM_STATEMENT, /* all else: one simple statement, or a compound one with its branches */
};

struct mc_item {
    enum mc_item_kind kind;
    struct mc_span span; /* from its first decorator to its last token, a `;` after it included */
    struct mc_span keyword;   /* "def", "struct", "if", "x", …: its first token after decorators */
    struct mc_span name;      /* of a definition; of an extension its type */
    struct mc_span docstring; /* of a def, struct, trait: the literal, quotes included */
    struct mc_span *decorators; /* each from its @ on, an @ included */
    size_t n_decorators;
    struct mc_def *def;             /* of MC_ITEM_DEF; else NULL */
    size_t first_token, end_token;  /* indices into tokens */
    uint32_t line;                  /* of `keyword`, from 1 */
    uint32_t first_line, last_line; /* of `span` */
    bool semicolon;                 /* a `;` follows it */
    bool expression;                /* a statement that is a bare expression */
};

struct mc_scan {
    struct mc_tokens tokens;
    struct mc_item *items; /* in source order */
    size_t count;
    size_t main; /* the index of `def main` or `fn main`; SIZE_MAX: none. The last one, if there are
                    more */
};

#define MC_SCAN_INIT ((struct mc_scan) {.main = SIZE_MAX})
#define mc_autoscan  __attribute__((cleanup(mc_scan_fini))) struct mc_scan

/* Scans `source`, which must outlive *ret. Fails with TOO_LARGE or NO_MEMORY; *ret is empty then.
 */
int mc_scan(const char *source, size_t length, struct mc_scan *ret, mc_err *err) MC_MUST_USE;
void mc_scan_fini(struct mc_scan *scan);

/* Whether the item is one that a module can hold: anything but a statement. */
bool mc_item_is_definition(const struct mc_item *item);

/* "import", "def", "struct", "trait", "comptime", "extension", "statement". */
const char *mc_item_kind_name(enum mc_item_kind kind);
