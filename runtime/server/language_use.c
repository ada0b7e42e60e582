#include "server/language_use.h"

#include "server/formatter.h"
#include "server/language_job.h"

#include <stdlib.h>

struct mc_language_use *mc_language_use_free(struct mc_language_use *use)
{
    if (use) {
        mc_language_leave(use->job);
        mc_formatter_free(use->formatter);
        mc_language_text_fini(&use->text);
        mc_buf_fini(&use->prelude);
        free(use);
    }
    return NULL;
}
