#include "mojo/diag_finding.h"

#include "mojo/diag_text.h"

#include <string.h>

bool mc_finding_is_std(const char *file)
{
    return file != NULL &&
           (mc_text_starts(file, "Mojo/stdlib/") || strstr(file, "/stdlib/std/") != NULL);
}

const struct mc_diag_source *mc_finding_place(const struct mc_findings *reader,
                                              const struct mc_diag_record *record,
                                              long *ret_line,
                                              long *ret_column)
{
    const struct mc_diag_source *source =
        mc_text_source(reader->sources, reader->n_sources, record->file);
    *ret_line = 0;
    if (source == NULL || source->name == NULL || record->line <= 0) {
        return NULL;
    }
    mc_text_map(source, record->line, record->column, ret_line, ret_column);
    return *ret_line > 0 ? source : NULL;
}

const char *mc_finding_line(const struct mc_diag_source *source, long line, size_t *ret_length)
{
    return mc_text_line(source->text, source->length, line, ret_length);
}
