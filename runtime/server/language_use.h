/* What a request has of a language server, or of the formatter. */
#pragma once

#include "language/text.h"
#include "server/waiter.h"

struct mc_formatter;
struct mc_language_job;

struct mc_language_use {
    struct mc_waiter waiter;
    struct mc_language_job *job;    /* the question that was asked last, or NULL */
    struct mc_formatter *formatter; /* or NULL */
    struct mc_language_text text;   /* of a request with a cursor */
    struct mc_buf prelude;
    int argument; /* of a call that the cursor is in */
    bool asked_again;
};

/* Withdraws what was asked. NULL is fine; returns NULL. */
struct mc_language_use *mc_language_use_free(struct mc_language_use *use);
