/* How failures are told on the wire. */
#pragma once

#include <jansson.h>

#include <string.h>

/* {code, message, hint?} as `error` events and the failures of results carry it. */
static inline json_t *mc_failure(const char *code, const char *message, const char *hint)
{
    json_t *failure = json_pack("{s:s, s:s%}", "code", code, "message", message, strlen(message));
    if (!failure) { /* bytes that are no UTF-8: a path, say */
        failure =
            json_pack("{s:s, s:s}", "code", code, "message", "(the message is not valid text)");
    }
    if (hint && *hint) {
        json_object_set_new(failure, "hint", json_string(hint));
    }
    return failure;
}
