/* What a language server is asked. */
#pragma once

#include "server/core.h"

struct mc_toolchain;
struct mc_using;

struct mc_languages {
    struct mc_core *core;
    struct mc_list all;
};

enum mc_language_what {
    MC_LANGUAGE_CHECK,      /* the diagnostics of the text */
    MC_LANGUAGE_NAMES,      /* "completion" */
    MC_LANGUAGE_HOVER,      /* "hover" */
    MC_LANGUAGE_SIGNATURES, /* "signatureHelp" */
};

/* Everything is copied but the toolchain. */
struct mc_language_question {
    const struct mc_toolchain *toolchain;
    char *const *include;         /* directories that are searched */
    const struct mc_using *using; /* other sources; NULL: none */
    const char *prelude;          /* what comes before the cell: lines that import, and inputs */
    const char *text;             /* the cell, as language/text.h has it */
    enum mc_language_what what;
    size_t place;     /* in `text`: what the question is about */
    bool to_end;      /* the place is the end of the word that the server has read there */
    size_t need;      /* bytes of `text` that the answer depends on; a check's is the whole */
    int64_t patience; /* nanoseconds until it fails with TIMEOUT */
    const void *who;  /* a question of the same kind about the same cell by the same one ends one */
    const char *cell; /* that still waits, with CANCELLED */
};
