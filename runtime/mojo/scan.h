/* What a Mojo source consists of at its top level, with the full signature of each function. Knows
 * older Mojo as well
 * (`fn`, `alias`, `let`, `owned`, `inout`). Takes any bytes; what the compiler refuses is still
 * sorted into something. */
#pragma once

#include "mojo/lex.h"

/* Bytes of the source; an absent part is empty with start 0. */
struct mc_span {
    uint32_t start, end;
};

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

enum mc_arg_kind {
    MC_ARG_POSITIONAL,       /* before a `/` */
    MC_ARG_ANY,              /* by position or by name */
    MC_ARG_KEYWORD,          /* after `*` or a variadic */
    MC_ARG_VARIADIC,         /* *args */
    MC_ARG_KEYWORD_VARIADIC, /* **kwargs */
};

/* An argument of a function, or a parameter of the compile-time list. */
struct mc_arg {
    struct mc_span name;
    struct mc_span convention; /* "mut", "ref", "ref[origin]", "out", "var", "deinit", "imm",
                                  "read", "owned", …; empty: the default */
    struct mc_span type;       /* of a parameter also its trait bound */
    struct mc_span default_value;
    enum mc_arg_kind kind;
    bool inferred; /* a parameter before `//` */
};

struct mc_def {
    struct mc_span parameters; /* text between the brackets */
    struct mc_arg *params;
    size_t n_params;
    struct mc_span arguments; /* text between the parentheses */
    struct mc_arg *args;
    size_t n_args;
    struct mc_span effects;     /* all between `)` and `->` or `:` */
    struct mc_span returns;     /* the type; empty: none is given */
    struct mc_span result;      /* `-> out name: Type` of older sources: the name */
    struct mc_span raises_type; /* of a typed `raises` */
    struct mc_span constraint;  /* of `where` */
    bool raises;
    bool is_fn;
    bool is_async;
    bool complete; /* the header was read up to its colon */
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

/* One imported module. */
struct mc_import {
    const char *module; /* the dotted path without blanks, relative dots first: "std.math",
                           ".sibling", ".." */
    const char *name; /* `from module import name`: each of the names, "*" included; NULL in `import
                         module` */
    const char *as;   /* NULL: none */
    size_t offset;    /* of the path in the source, in bytes */
    uint32_t line;    /* of that, from 1 */
    bool nested;      /* not at the top level */
};

/* Valid during the call. Anything but 0 ends the walk. */
typedef int mc_import_each(const struct mc_import *import, void *data);

/* Walks all imports, also those inside of functions and blocks, once for each module of `import a,
 * b` and for each name of `from m import x, y`. Returns 0, or what the callback returned to end the
 * walk, or -1 (TOO_LARGE, NO_MEMORY). */
int mc_scan_imports(
    const char *source, size_t length, mc_import_each *each, void *data, mc_err *err) MC_MUST_USE;
