#include "mojo/crash_sources.h"

#include "mojo/cell_source.h"

#include <stdio.h>
#include <string.h>

void mc_crash_sources_init(struct mc_crash_sources *self,
                           const struct mc_cell *cell,
                           const char *module,
                           const char *text,
                           size_t length,
                           const struct mc_strv *names,
                           const struct mc_strv *texts)
{
    size_t used = names->count < MC_USING_MOST ? names->count : MC_USING_MOST;
    snprintf(self->files[0], sizeof self->files[0], "%s.mojo", module ? module : "");
    self->sources[0] = mc_cell_source(cell, self->files[0], text, length);
    for (size_t i = 0; i < used; i++) {
        snprintf(self->files[i + 1], sizeof self->files[0], "%s.mojo", names->items[i]);
        self->sources[i + 1] = (struct mc_diag_source) {.file = self->files[i + 1],
                                                        .name = names->items[i],
                                                        .text = texts->items[i],
                                                        .length = strlen(texts->items[i])};
    }
    self->count = 1 + used;
}
