/* The inside of language servers, shared by the files that implement them. */
#pragma once

#include "base/strv.h"
#include "server/language_process.h"
#include "server/language_question.h"
#include "server/waiter.h"

#define MC_LANGUAGE_KNOWN 8

/* Names that were asked for: they are the same while what comes before them is. */
struct mc_language_known {
    char *prelude;
    char *text; /* what the names depend on */
    json_t *names;
};

struct mc_language_server {
    struct mc_node node; /* the languages' */
    struct mc_languages *languages;
    char *key;
    char *dir; /* modules of other sources */
    struct mc_strv argv, env;
    struct mc_language_process process;
    bool is_ready;     /* it has said hello */
    json_int_t serial; /* of requests, and versions of the text */
    json_int_t asked;  /* the request that it owes an answer to; 0: none */
    struct mc_language_job *asking;
    char *prelude, *text; /* that it was sent last; NULL: none yet */
    json_int_t version;
    json_t *diagnostics;  /* of that; NULL: it has not read it yet */
    int changes;          /* since it was started */
    int64_t busy_since;   /* 0: it is not */
    struct mc_timer look; /* while it is busy */
    struct mc_timer idle;
    struct mc_task go;
    struct mc_list jobs; /* without an answer, the newest last */
    struct mc_language_known known[MC_LANGUAGE_KNOWN];
    size_t next_known;
};

struct mc_language_job {
    struct mc_node node; /* the server's */
    struct mc_language_server *server;
    struct mc_waiter *waiter; /* NULL: nobody's */
    struct mc_loop *loop;
    char *prelude, *text, *cell;
    const void *who;
    enum mc_language_what what;
    size_t place, need;
    bool to_end;
    bool exactly; /* what the server had read before was not enough */
    int tries;
    struct mc_timer deadline;
    json_t *answer;
    mc_err error;
};
