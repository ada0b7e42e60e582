#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    "ok",
#define MC_CODE(name, wire) wire,
#include "base/errors.def"
#undef MC_CODE
};

static void one_line(char *text)
{
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') {
            *text = ' ';
        }
    }
}

int mc_err_set_at(
    mc_err *err, enum mc_code code, int sys, const char *where, const char *format, ...)
{
    if (!err) {
        return -1;
    }
    va_list args;
    va_start(args, format);
    *err = (mc_err) {.code = code, .sys = sys, .where = where};
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    one_line(err->message);
    return -1;
}

int mc_err_errno_at(mc_err *err, enum mc_code code, const char *where, const char *format, ...)
{
    int sys = errno;
    if (!err) {
        return -1;
    }
    va_list args;
    va_start(args, format);
    *err = (mc_err) {.code = sys == ENOMEM ? MC_NO_MEMORY : code, .sys = sys, .where = where};
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, ": %s", strerror(sys));
    one_line(err->message);
    return -1;
}

int mc_err_wrap(mc_err *err, const char *format, ...)
{
    if (!err) {
        return -1;
    }
    char context[sizeof err->message];
    char whole[2 * sizeof err->message + 2];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s: %s", context, err->message);
    memcpy(err->message, whole, sizeof err->message - 1);
    err->message[sizeof err->message - 1] = '\0';
    one_line(err->message);
    return -1;
}

int mc_err_hint(mc_err *err, const char *format, ...)
{
    if (!err) {
        return -1;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof err->hint, format, args);
    va_end(args);
    one_line(err->hint);
    return -1;
}

const char *mc_code_name(enum mc_code code)
{
    return (unsigned) code < MC_CODE_COUNT ? names[code] : "internal";
}

enum mc_code mc_code_from_name(const char *name)
{
    for (int i = 0; i < MC_CODE_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            return (enum mc_code) i;
        }
    }
    return MC_INTERNAL;
}
