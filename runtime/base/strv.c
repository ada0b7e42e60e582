#include "base/strv.h"

#include "base/fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void mc_strv_fini(struct mc_strv *strv)
{
    for (size_t i = 0; i < strv->count; i++) {
        free(strv->items[i]);
    }
    free(strv->items);
    *strv = MC_STRV_INIT;
}

static void add_owned(struct mc_strv *strv, char *text)
{
    bool refused = !text || mc_fault("memory");
    char **items = refused ? NULL : realloc(strv->items, (strv->count + 2) * sizeof *items);
    if (!items) {
        strv->failed = true;
        free(text);
        return;
    }
    strv->items = items;
    items[strv->count++] = text;
    items[strv->count] = NULL;
}

void mc_strv_add(struct mc_strv *strv, const char *text)
{
    add_owned(strv, strdup(text));
}

void mc_strv_addf(struct mc_strv *strv, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    add_owned(strv, text);
}

void mc_strv_add_block(struct mc_strv *strv, const char *block, size_t length)
{
    const char *end;
    while ((end = memchr(block, '\0', length))) {
        mc_strv_add(strv, block);
        length -= (size_t) (end + 1 - block);
        block = end + 1;
    }
}

const char *mc_strv_getenv(char *const *envp, const char *name)
{
    size_t length = strlen(name);
    for (; envp && *envp; envp++) {
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=') {
            return *envp + length + 1;
        }
    }
    return NULL;
}

int mc_strv_check(const struct mc_strv *strv, mc_err *err)
{
    return strv->failed ? mc_err_set(err, MC_NO_MEMORY, "out of memory") : 0;
}
