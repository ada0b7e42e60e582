#include "server/language.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/compiler_env.h"
#include "mojo/toolchain.h"
#include "server/language_job.h"
#include "server/language_turn.h"
#include "server/using.h"

#include <string.h>

enum { MOST_SERVERS = 2 };

/* ---- servers ---- */

static struct mc_language_server *free_server(struct mc_language_server *server)
{
    mc_err err;
    mc_err gone;
    mc_err_set(&gone, MC_CANCELLED, "the language server was ended");
    mc_language_server_stop(server);
    MC_LIST_EACH(&server->jobs, struct mc_language_job, job, node)
    {
        mc_language_job_fail(job, &gone);
    }
    for (size_t i = 0; i < MC_LANGUAGE_KNOWN; i++) {
        mc_language_known_fini(&server->known[i]);
    }
    mc_loop_disarm(&server->idle);
    mc_task_withdraw(&server->go);
    mc_node_remove(&server->node);
    if (server->dir && mc_fs_remove(server->dir, &err) < 0) {
        mc_log("%s", err.message);
    }
    mc_strv_fini(&server->argv);
    mc_strv_fini(&server->env);
    free(server->key);
    free(server->dir);
    free(server);
    return NULL;
}

void mc_languages_init(struct mc_languages *languages, struct mc_core *core)
{
    languages->core = core;
    mc_list_init(&languages->all);
}

void mc_languages_fini(struct mc_languages *languages)
{
    MC_LIST_EACH(&languages->all, struct mc_language_server, server, node)
    {
        free_server(server);
    }
}

/* Its command, environment and directory. */
static int
prepare(struct mc_language_server *server, const struct mc_language_question *question, mc_err *err)
{
    const char *root = question->toolchain->root;
    mc_strv_addf(&server->argv, "%s/bin/mojo-lsp-server", root);
    mc_strv_add(&server->argv, "--log=error");
    mc_strv_add(&server->argv, "-I");
    mc_strv_add(&server->argv, server->dir);
    for (char *const *dir = question->include; dir && *dir; dir++) {
        mc_strv_add(&server->argv, "-I");
        mc_strv_add(&server->argv, *dir);
    }
    if (mc_strv_check(&server->argv, err) < 0 || mc_fs_mkdirs(server->dir, 0700, err) < 0) {
        return -1;
    }
    if (access(server->argv.items[0], X_OK) < 0) {
        mc_err_errno(err, MC_NOT_FOUND, "the language server '%s'", server->argv.items[0]);
        return mc_err_hint(err, "install the package `mojo` of this compiler, which has it");
    }
    return mc_compiler_env(
        root, NULL, getenv("PATH"), server->dir, getenv("HOME"), &server->env, err);
}

static struct mc_language_server *new_server(struct mc_languages *languages,
                                             const struct mc_language_question *question,
                                             const char *key,
                                             mc_err *err)
{
    struct mc_core *core = languages->core;
    struct mc_language_server *server = mc_new(struct mc_language_server);
    if (!server) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    server->languages = languages;
    mc_language_server_init(server, core);
    server->key = strdup(key);
    unsigned long long number = ++core->serial;
    if (asprintf(&server->dir, "%s/language-%llu", core->work_dir, number) < 0) {
        server->dir = NULL;
    }
    if (!server->key || !server->dir) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return free_server(server);
    }
    if (prepare(server, question, err) < 0) {
        return free_server(server);
    }
    mc_list_add(&languages->all, &server->node);
    return server;
}

/* Room for one more: those that were asked longest ago are the first. */
static void make_room(struct mc_languages *languages)
{
    size_t count = 0;
    MC_LIST_EACH(&languages->all, struct mc_language_server, server, node)
    {
        count++;
    }
    MC_LIST_EACH(&languages->all, struct mc_language_server, old, node)
    {
        if (count >= MOST_SERVERS && mc_list_empty(&old->jobs)) {
            free_server(old);
            count--;
        }
    }
}

static struct mc_language_server *
get_server(struct mc_languages *languages, const struct mc_language_question *question, mc_err *err)
{
    mc_autobuf key = MC_BUF_INIT;
    mc_buf_addf(&key, "%s\n%s", question->toolchain->root, question->toolchain->identity);
    for (char *const *dir = question->include; dir && *dir; dir++) {
        mc_buf_addf(&key, "\n%s", *dir);
    }
    if (mc_buf_check(&key, err) < 0) {
        return NULL;
    }
    MC_LIST_EACH(&languages->all, struct mc_language_server, server, node)
    {
        if (strcmp(server->key, key.data) == 0) {
            mc_node_remove(&server->node);
            mc_list_add(&languages->all, &server->node);
            return server;
        }
    }
    make_room(languages);
    return new_server(languages, question, key.data, err);
}

/* ---- asking ---- */

/* Modules are named by their content, so what is there is right. */
static int
write_modules(const struct mc_language_server *server, const struct mc_using *using, mc_err *err)
{
    for (size_t i = 0; using && i < using->names.count; i++) {
        mc_autofree char *path = NULL;
        const char *text = using->texts.items[i];
        if (asprintf(&path, "%s/%s.mojo", server->dir, using->names.items[i]) < 0) {
            path = NULL;
            return mc_err_set(err, MC_NO_MEMORY, "out of memory");
        }
        if (access(path, R_OK) < 0 && mc_fs_write_atomic(path, text, strlen(text), 0600, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The newest text wins. */
static void supersede(struct mc_language_server *server,
                      const struct mc_language_question *question)
{
    mc_err err;
    mc_err_set(&err, MC_CANCELLED, "a newer text of the cell came");
    MC_LIST_EACH(&server->jobs, struct mc_language_job, job, node)
    {
        bool is_same = job->who == question->who && job->what == question->what;
        if (job->waiter && is_same && strcmp(job->cell, question->cell) == 0) {
            mc_language_job_fail(job, &err);
        } else if (!job->waiter && job != server->asking) {
            mc_language_job_end(job);
        }
    }
}

int mc_language_ask(struct mc_languages *languages,
                    const struct mc_language_question *question,
                    struct mc_waiter *waiter,
                    struct mc_language_job **ret,
                    mc_err *err)
{
    struct mc_language_server *server = get_server(languages, question, err);
    if (!server || write_modules(server, question->using, err) < 0) {
        return -1;
    }
    supersede(server, question);
    struct mc_language_job *job = mc_language_job_add(server, question, err);
    if (!job) {
        return -1;
    }
    job->waiter = waiter;
    mc_loop_arm(job->loop, &job->deadline, question->patience);
    mc_loop_disarm(&server->idle);
    mc_loop_post(job->loop, &server->go);
    *ret = job;
    return 0;
}

void mc_language_foresee(struct mc_languages *languages,
                         const struct mc_language_question *question)
{
    mc_err ignored;
    struct mc_language_server *server = get_server(languages, question, &ignored);
    if (server && mc_list_empty(&server->jobs) && mc_language_job_add(server, question, &ignored)) {
        mc_loop_post(&languages->core->loop, &server->go);
    }
}

json_t *mc_languages_json(const struct mc_languages *languages)
{
    json_t *all = json_array();
    MC_LIST_EACH(&languages->all, struct mc_language_server, server, node)
    {
        if (mc_language_process_runs(&server->process)) {
            pid_t pid = server->process.child.pid;
            json_array_append_new(all,
                                  json_pack("{s:i, s:I, s:i}",
                                            "pid",
                                            (int) pid,
                                            "rss",
                                            (json_int_t) mc_os_rss(pid),
                                            "changes",
                                            server->changes));
        }
    }
    return all;
}
