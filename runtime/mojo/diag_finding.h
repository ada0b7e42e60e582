/* Diagnostics on their way from what the compiler wrote to what the user sees; for the files that
 * read them alone. */
#pragma once

#include "mojo/diag_file.h"
#include "mojo/diag_parse.h"

/* One diagnostic on its way: a record with the notes that follow it, and where the user sees it. */
struct mc_finding {
    const struct mc_diag_record *record;
    const struct mc_diag_record *notes; /* those right after it */
    size_t n_notes;
    const struct mc_diag_source *source; /* whose cell it is in; NULL: another file, or nowhere */
    const char *message;
    long line, column, end; /* as the user counts; 0: none */
    long byte;              /* column in bytes of the cell's line */
    bool generated;         /* sits in a generated file, or says only that something failed */
    bool dropped;
    size_t order;
};

struct mc_findings {
    const struct mc_diag_source *sources;
    size_t n_sources;
    struct mc_diag_records records;
    struct mc_finding *findings;
    size_t count;
};

/* Whether the record is at a place in a cell, which is given then. */
const struct mc_diag_source *mc_finding_place(const struct mc_findings *reader,
                                              const struct mc_diag_record *record,
                                              long *ret_line,
                                              long *ret_column);

/* The line of the cell, without its end. */
const char *mc_finding_line(const struct mc_diag_source *source, long line, size_t *ret_length);

/* Whether a file is the standard library's; NULL is none. */
bool mc_finding_is_std(const char *file);
