/* Questions to a language server, and what it has read and said that answers them. */
#pragma once

#include "server/language_state.h"

/* The server's answer, the job's; not before the waiter was woken. */
int mc_language_answer(const struct mc_language_job *job,
                       const json_t **ret,
                       mc_err *err) MC_MUST_USE;

/* No longer waits. NULL is fine. */
void mc_language_leave(struct mc_language_job *job);

/* ---- for the files of language servers alone ---- */

/* A question among the server's; nobody waits for it until a waiter is put in. NULL when out of
 * memory. */
struct mc_language_job *mc_language_job_add(struct mc_language_server *server,
                                            const struct mc_language_question *question,
                                            mc_err *err);

/* It is over: off the server's list, its waiter woken; one that nobody waits for is freed. */
void mc_language_job_end(struct mc_language_job *job);
void mc_language_job_fail(struct mc_language_job *job, const mc_err *err);
void mc_language_job_answer(struct mc_language_job *job, json_t *answer);

/* Whether both are there and equal. */
bool mc_language_same(const char *a, const char *b);

/* Whether the server was sent exactly its text last. */
bool mc_language_has_read(const struct mc_language_server *server,
                          const struct mc_language_job *job);
/* Whether what it was sent serves for the question. */
bool mc_language_is_enough(const struct mc_language_server *server,
                           const struct mc_language_job *job);

/* The names that were given to such a question before, the server's; NULL: none. */
json_t *mc_language_known_names(const struct mc_language_server *server,
                                const struct mc_language_job *job);
void mc_language_remember(struct mc_language_server *server,
                          const struct mc_language_job *job,
                          json_t *names);
void mc_language_known_fini(struct mc_language_known *known);
