#include "server/language_job.h"

#include "base/mem.h"

#include <string.h>

/* ---- jobs ---- */

static void free_job(struct mc_language_job *job)
{
    free(job->prelude);
    free(job->text);
    free(job->cell);
    json_decref(job->answer);
    free(job);
}

/* The job is over: it has its answer, or its error. */
void mc_language_job_end(struct mc_language_job *job)
{
    if (job->server->asking == job) {
        job->server->asking = NULL;
    }
    mc_node_remove(&job->node);
    mc_loop_disarm(&job->deadline);
    job->server = NULL;
    if (job->waiter) {
        mc_loop_post(job->loop, &job->waiter->task);
    } else {
        free_job(job);
    }
}

void mc_language_job_fail(struct mc_language_job *job, const mc_err *err)
{
    job->error = *err;
    mc_language_job_end(job);
}

void mc_language_job_answer(struct mc_language_job *job, json_t *answer)
{
    job->answer = json_incref(answer);
    mc_language_job_end(job);
}

static void on_deadline(struct mc_timer *timer)
{
    mc_err err;
    mc_err_set(&err, MC_TIMEOUT, "the language server has no answer yet");
    mc_language_job_fail(timer->owner, &err);
}

void mc_language_leave(struct mc_language_job *job)
{
    if (job) {
        mc_waiter_withdraw(job->waiter);
        job->waiter = NULL;
        if (job->server) {
            mc_language_job_end(job);
        } else {
            free_job(job);
        }
    }
}

int mc_language_answer(const struct mc_language_job *job, const json_t **ret, mc_err *err)
{
    if (job->error.code) {
        *err = job->error;
        return -1;
    }
    *ret = job->answer;
    return 0;
}

struct mc_language_job *mc_language_job_add(struct mc_language_server *server,
                                            const struct mc_language_question *question,
                                            mc_err *err)
{
    struct mc_language_job *job = mc_new(struct mc_language_job);
    if (!job || !(job->prelude = strdup(question->prelude)) ||
        !(job->text = strdup(question->text)) || !(job->cell = strdup(question->cell))) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        if (job) {
            free_job(job);
        }
        return NULL;
    }
    job->server = server;
    job->loop = &server->languages->core->loop;
    job->what = question->what;
    job->place = question->place;
    job->to_end = question->to_end;
    job->need = question->need;
    job->who = question->who;
    job->deadline = (struct mc_timer) {.due = on_deadline, .owner = job};
    mc_list_add(&server->jobs, &job->node);
    return job;
}

/* ---- what the server has read ---- */

bool mc_language_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool mc_language_has_read(const struct mc_language_server *server,
                          const struct mc_language_job *job)
{
    return mc_language_same(server->prelude, job->prelude) &&
           mc_language_same(server->text, job->text);
}

/* Whether what it has read serves for the question. */
bool mc_language_is_enough(const struct mc_language_server *server,
                           const struct mc_language_job *job)
{
    if (job->what == MC_LANGUAGE_CHECK || job->exactly) {
        return mc_language_has_read(server, job);
    }
    return mc_language_same(server->prelude, job->prelude) && strlen(server->text) >= job->need &&
           memcmp(server->text, job->text, job->need) == 0;
}

json_t *mc_language_known_names(const struct mc_language_server *server,
                                const struct mc_language_job *job)
{
    for (size_t i = 0; i < MC_LANGUAGE_KNOWN && job->what == MC_LANGUAGE_NAMES; i++) {
        const struct mc_language_known *one = &server->known[i];
        if (mc_language_same(one->prelude, job->prelude) && strlen(one->text) == job->need &&
            memcmp(one->text, job->text, job->need) == 0) {
            return one->names;
        }
    }
    return NULL;
}

void mc_language_known_fini(struct mc_language_known *known)
{
    free(known->prelude);
    free(known->text);
    json_decref(known->names);
    *known = (struct mc_language_known) {0};
}

void mc_language_remember(struct mc_language_server *server,
                          const struct mc_language_job *job,
                          json_t *names)
{
    struct mc_language_known *known = &server->known[server->next_known++ % MC_LANGUAGE_KNOWN];
    mc_language_known_fini(known);
    known->prelude = strdup(job->prelude);
    known->text = strndup(job->text, job->need);
    known->names = json_incref(names);
    if (!known->prelude || !known->text) {
        mc_language_known_fini(known);
    }
}
