/* The language servers of the compilers: one for a compiler and the directories that a cell
 * searches, started with its first question and kept. It reads one cell at a time and parses all of
 * it, and the standard library, at each change (a second), so a question that the text it has read
 * can answer is answered from that, and of texts that wait the newest is read first. One that ends,
 * hangs or grows is replaced, and its question asked once more. */
#pragma once

#include "server/language_question.h"
#include "server/waiter.h"

#include <jansson.h>

struct mc_language_job;

void mc_languages_init(struct mc_languages *languages, struct mc_core *core);
void mc_languages_fini(struct mc_languages *languages);

/* Asks; the waiter is woken when there is an answer. *ret is to be left. */
int mc_language_ask(struct mc_languages *languages,
                    const struct mc_language_question *question,
                    struct mc_waiter *waiter,
                    struct mc_language_job **ret,
                    mc_err *err) MC_MUST_USE;

/* Where the server has read this text and nobody waits: asks what would be asked next, so that it
 * is known by then. */
void mc_language_foresee(struct mc_languages *languages,
                         const struct mc_language_question *question);

/* Descriptions of those that run. */
json_t *mc_languages_json(const struct mc_languages *languages);
