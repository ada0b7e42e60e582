/* Who needs a compilation. */
#pragma once

#include "protocol/request_fields.h"
#include "server/waiter.h"

/* Embedded. */
struct mc_compilation_user {
    struct mc_waiter waiter;
    enum mc_urgency urgency;
    /* A round begins, for this cause (docs/protocol.md). Must not leave. */
    void (*compiling)(struct mc_compilation_user *user, const char *cause);
};
