/* The text that a language server reads for a cell in which somebody is writing: brackets that are
 * still open are closed, and where a name is about to be written stands one. Places in it are those
 * of the cell, up to where that was cut or a name was put in. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* Stands where a name is awaited. */
#define MC_LANGUAGE_NAME "mc_name_to_come"

struct mc_language_text {
    struct mc_buf text;
    size_t word;    /* where the word at the cursor begins, which may be the cursor */
    size_t cursor;  /* in bytes */
    size_t end;     /* of the word */
    bool is_member; /* behind a dot */
    bool is_blind;  /* in a comment, a string, or a number: there is nothing to say */
    bool has_name;  /* MC_LANGUAGE_NAME stands at `word` */
    bool was_cut;   /* what follows the word is left out */
};

/* Whether a byte is one of a name. */
bool mc_language_is_word(char c);

void mc_language_text_fini(struct mc_language_text *text);

/* For a cursor at a line and a column (characters), both from 1. INVALID_REQUEST where the source
 * has no such line. *ret is to be finished in any case. */
int mc_language_text_make(const char *source,
                          size_t length,
                          int64_t line,
                          int64_t column,
                          struct mc_language_text *ret,
                          mc_err *err) MC_MUST_USE;

/* The call that the cursor is in: where the name of what is called ends, and how many of its
 * arguments are before the cursor. False where it is in none. */
bool mc_language_call(const struct mc_language_text *text, size_t *ret_end, int *ret_argument);

/* What of a source is wrong without a look at the language: brackets, and strings that do not end.
 * The first of them, or NULL: a static message and its place. */
const char *
mc_language_slip(const char *source, size_t length, size_t *ret_offset, size_t *ret_end);
