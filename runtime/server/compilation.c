#include "server/compilation.h"

#include "base/mem.h"
#include "base/os.h"
#include "cache/store.h"
#include "mojo/bind.h"
#include "mojo/cell.h"
#include "mojo/diag.h"
#include "mojo/repair.h"
#include "runner/link.h"
#include "server/compiler.h"
#include "server/diag_source.h"
#include "server/prepared.h"
#include "server/steps.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct mc_compilation {
    struct mc_server *server;
    struct mc_request *waiters;
    char key[MC_HASH_HEX];
    char module[32];
    const struct mc_toolchain *toolchain;
    struct mc_strv flags;
    bool modernize;
    bool forced;

    struct mc_buf source; /* the cell, after repairs */
    struct mc_cell_io io;
    struct mc_cell *cell;         /* of that source; borrows io */
    struct mc_bindings *bindings; /* of that cell */
    json_t *exports;              /* or NULL */
    struct mc_using using;
    bool has_entry;
    json_t *changes; /* the repairs made, or NULL */
    int round;

    struct mc_compiler compiler;
    int64_t queued_at;
    int64_t started_at; /* 0 while queued */
    struct mc_compilation *next;
};

static void compilation_free(struct mc_compilation *compilation)
{
    mc_compiler_fini(&compilation->compiler);
    mc_strv_fini(&compilation->flags);
    mc_buf_fini(&compilation->source);
    mc_bindings_free(compilation->bindings);
    mc_cell_free(compilation->cell);
    mc_cell_io_fini(&compilation->io);
    mc_using_fini(&compilation->using);
    json_decref(compilation->exports);
    json_decref(compilation->changes);
    free(compilation);
}

static void unlink_compilation(struct mc_compilation *compilation)
{
    struct mc_compilation **link = &compilation->server->compilations;
    while (*link && *link != compilation) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = compilation->next;
    }
}

/* ---- how it ends ---- */

static int64_t waited(const struct mc_compilation *compilation)
{
    return (compilation->started_at ? compilation->started_at : mc_os_now()) -
           compilation->queued_at;
}

static struct mc_request *take_waiter(struct mc_compilation *compilation)
{
    struct mc_request *request = compilation->waiters;
    compilation->waiters = request->next_waiter;
    request->next_waiter = NULL;
    request->compilation = NULL;
    request->times.queue = waited(compilation);
    request->times.compile = compilation->started_at ? mc_os_now() - compilation->started_at : 0;
    return request;
}

static void end_with_error(struct mc_compilation *compilation, const mc_err *err)
{
    struct mc_server *server = compilation->server;
    unlink_compilation(compilation);
    while (compilation->waiters) {
        mc_request_fail(take_waiter(compilation), err);
    }
    compilation_free(compilation);
    mc_compilation_start_queued(server);
}

static void add_source(const struct mc_compilation *compilation, json_t *object)
{
    if (compilation->changes) {
        json_object_set(object, "modernized", compilation->changes);
        json_object_set_new(
            object, "source", json_stringn(compilation->source.data, compilation->source.length));
    }
}

static json_t *first_message(const json_t *diagnostics)
{
    size_t i;
    json_t *diagnostic;
    json_array_foreach(diagnostics, i, diagnostic)
    {
        const char *kind = json_string_value(json_object_get(diagnostic, "kind"));
        if (kind && strcmp(kind, "error") == 0) {
            return diagnostic;
        }
    }
    return NULL;
}

static json_t *compile_failure(const json_t *diagnostics)
{
    const json_t *first = first_message(diagnostics);
    const char *message = json_string_value(json_object_get(first, "message"));
    json_t *failure = mc_failure("compile_failed",
                                 message ? message : "the compiler failed without a message",
                                 json_string_value(json_object_get(first, "hint")));
    if (first) {
        json_object_set(failure, "line", json_object_get(first, "line"));
        json_object_set(failure, "column", json_object_get(first, "column"));
    }
    return failure;
}

static void end_with_diagnostics(struct mc_compilation *compilation, json_t *diagnostics)
{
    struct mc_server *server = compilation->server;
    unlink_compilation(compilation);
    while (compilation->waiters) {
        struct mc_request *request = take_waiter(compilation);
        json_object_set(request->result, "diagnostics", diagnostics);
        json_object_set_new(request->result, "compiler_cache", json_false());
        add_source(compilation, request->result);
        mc_steps_times(request);
        mc_request_refuse(request, compile_failure(diagnostics));
    }
    json_decref(diagnostics);
    compilation_free(compilation);
    mc_compilation_start_queued(server);
}

static json_t *make_meta(const struct mc_compilation *compilation, json_t *diagnostics)
{
    json_t *meta = json_pack("{s:o, s:s, s:f}",
                             "diagnostics",
                             diagnostics,
                             "module",
                             compilation->module,
                             "compile",
                             (double) (mc_os_now() - compilation->started_at) / 1e9);
    add_source(compilation, meta);
    json_object_set_new(meta, "functions", mc_bindings_functions(compilation->bindings));
    json_t *run = mc_bindings_run(compilation->bindings);
    if (run) {
        json_object_set_new(meta, "run", run);
    }
    json_object_set_new(meta, "skipped", mc_bindings_skipped(compilation->bindings));
    const char *reason = mc_runner_needs_fresh(compilation->compiler.artifact);
    if (reason) {
        json_object_set_new(meta, "fresh", json_string(reason));
    }
    return meta;
}

/* Puts the artifact into the cache. Where that cannot be done the work still succeeds: the file
 * stays in a place of this daemon's own until the daemon ends. */
static int
publish(struct mc_compilation *compilation, json_t *meta, char **ret_artifact, mc_err *err)
{
    struct mc_server *server = compilation->server;
    struct mc_store_entry entry = {0};
    if (mc_store_publish(
            server->store, compilation->key, compilation->compiler.artifact, meta, &entry, err) ==
        0) {
        *ret_artifact = mc_take(&entry.artifact);
        mc_store_entry_fini(&entry);
        return 0;
    }
    mc_log("cache: %s", err->message);
    json_object_set_new(meta, "uncached", json_string(err->message));
    if (asprintf(ret_artifact,
                 "%s/uncached-%llu.so",
                 server->work_dir,
                 (unsigned long long) ++server->serial) < 0) {
        *ret_artifact = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (rename(compilation->compiler.artifact, *ret_artifact) < 0) {
        return mc_err_errno(err, MC_IO, "keep the artifact");
    }
    return 0;
}

static void end_with_artifact(struct mc_compilation *compilation, json_t *diagnostics)
{
    struct mc_server *server = compilation->server;
    mc_err err = {0};
    mc_autofree char *artifact = NULL;
    bool from_cache = mc_compiler_answered_from_cache(&compilation->compiler);
    json_t *meta = make_meta(compilation, diagnostics);
    if (publish(compilation, meta, &artifact, &err) < 0) {
        json_decref(meta);
        end_with_error(compilation, &err);
        return;
    }
    unlink_compilation(compilation);
    while (compilation->waiters) {
        struct mc_request *request = take_waiter(compilation);
        request->artifact = strdup(artifact);
        request->meta = json_incref(meta);
        json_object_set_new(request->result, "compiler_cache", json_boolean(from_cache));
        if (request->artifact) {
            mc_request_advance(request);
        } else {
            mc_err_set(&err, MC_NO_MEMORY, "out of memory");
            mc_request_fail(request, &err);
        }
    }
    json_decref(meta);
    compilation_free(compilation);
    mc_compilation_start_queued(server);
}

/* ---- one round of the compiler ---- */

/* The cell of the source as it now is, and which of its functions can be called. */
static int read_cell(struct mc_compilation *compilation, mc_err *err)
{
    compilation->bindings = mc_bindings_free(compilation->bindings);
    compilation->cell = mc_cell_free(compilation->cell);
    if (mc_cell_parse_io(compilation->source.data,
                         compilation->source.length,
                         &compilation->io,
                         &compilation->cell,
                         err) < 0) {
        return -1;
    }
    return mc_bindings_make(compilation->cell, compilation->exports, &compilation->bindings, err);
}

static int write_module(const struct mc_compilation *compilation,
                        const char *name,
                        const struct mc_buf *text,
                        mc_err *err)
{
    char file[64];
    snprintf(file, sizeof file, "%s.mojo", name);
    return mc_compiler_write(&compilation->compiler, file, text, err);
}

static int write_using(const struct mc_compilation *compilation, mc_err *err)
{
    const struct mc_using *using = &compilation->using;
    for (size_t i = 0; i < using->names.count; i++) {
        mc_autobuf text = MC_BUF_INIT;
        mc_buf_adds(&text, using->texts.items[i]);
        if (mc_buf_check(&text, err) < 0 ||
            write_module(compilation, using->names.items[i], &text, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int write_sources(struct mc_compilation *compilation, mc_err *err)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    const char *imports = compilation->using.imports.data;
    if (mc_bindings_sources(
            compilation->bindings, compilation->module, imports ? imports : "", &module, &entry) <
            0 ||
        mc_buf_check(&module, err) < 0 || mc_buf_check(&entry, err) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    compilation->has_entry = entry.length > 0;
    if (write_using(compilation, err) < 0 ||
        write_module(compilation, compilation->module, &module, err) < 0) {
        return -1;
    }
    return compilation->has_entry ? write_module(compilation, "entry", &entry, err) : 0;
}

/* The file that the compiler starts with, and that has the thunks. */
static void root_of(const struct mc_compilation *compilation, char ret[static 64])
{
    snprintf(ret, 64, "%s.mojo", compilation->has_entry ? "entry" : compilation->module);
}

static int start_round(struct mc_compilation *compilation, mc_err *err)
{
    char root[64];
    if (write_sources(compilation, err) < 0) {
        return -1;
    }
    root_of(compilation, root);
    return mc_compiler_start(
        &compilation->compiler, compilation->toolchain, root, &compilation->flags, err);
}

/* The reader of diagnostics knows the language; that a name is a variable of the cell's statements,
 * which its definitions cannot see, only the cell knows. */
static void add_hints(const struct mc_cell *cell, json_t *diagnostics)
{
    static const char unknown[] = "use of unknown declaration '";
    size_t i;
    json_t *one;
    json_array_foreach(diagnostics, i, one)
    {
        const char *message = json_string_value(json_object_get(one, "message"));
        if (!message || strncmp(message, unknown, sizeof unknown - 1) != 0) {
            continue;
        }
        mc_autofree char *name = strdup(message + sizeof unknown - 1);
        if (!name) {
            return;
        }
        name[strcspn(name, "'")] = '\0';
        long line = (long) json_integer_value(json_object_get(one, "line"));
        const char *hint = mc_cell_hint(cell, name, line);
        if (hint) {
            json_object_set_new(one, "hint", json_string(hint));
        }
    }
}

static json_t *read_diagnostics(const struct mc_compilation *compilation)
{
    char file[64];
    snprintf(file, sizeof file, "%s.mojo", compilation->module);
    const struct mc_diag_source sources[] = {
        mc_cell_source(
            compilation->cell, file, compilation->source.data, compilation->source.length),
        {.file = "entry.mojo"},
    };
    const struct mc_buf *out = &compilation->compiler.out.text;
    const struct mc_buf *err = &compilation->compiler.err.text;
    json_t *diagnostics = mc_diag_read(err->data ? err->data : "",
                                       err->length,
                                       out->data ? out->data : "",
                                       out->length,
                                       sources,
                                       MC_LENGTH(sources));
    add_hints(compilation->cell, diagnostics);
    return diagnostics;
}

/* Applies what can be applied. Returns 1 where there is nothing to repair. */
static int repair(struct mc_compilation *compilation, const json_t *diagnostics, mc_err *err)
{
    mc_autobuf repaired = MC_BUF_INIT;
    json_t *changes = NULL;
    if (!compilation->modernize || compilation->round >= MC_REPAIR_ROUNDS) {
        return 1;
    }
    int result = mc_repair(compilation->source.data,
                           compilation->source.length,
                           diagnostics,
                           &repaired,
                           &changes,
                           err);
    if (result != 0) {
        return result;
    }
    struct mc_buf old = compilation->source;
    compilation->source = repaired;
    repaired = old;
    if (!compilation->changes) {
        compilation->changes = json_array();
    }
    json_array_extend(compilation->changes, changes);
    json_decref(changes);
    compilation->round++;
    compilation->server->counters.repairs++;
    return 0;
}

static void announce(struct mc_compilation *compilation, const char *cause)
{
    for (struct mc_request *request = compilation->waiters; request;
         request = request->next_waiter) {
        mc_request_event(request, "compiling", json_pack("{s:s}", "cause", cause));
    }
}

/* A function that can be compiled but not called from outside is no error of the user's: another
 * round goes without its thunk. Returns whether there is one. */
static bool drop_thunks(struct mc_compilation *compilation)
{
    mc_err err = {0};
    char root[64];
    const struct mc_buf *output = &compilation->compiler.err.text;
    root_of(compilation, root);
    if (!mc_bindings_drop(
            compilation->bindings, output->data ? output->data : "", output->length, root)) {
        return false;
    }
    if (start_round(compilation, &err) < 0) {
        end_with_error(compilation, &err);
    }
    return true;
}

static void next_round_or_end(struct mc_compilation *compilation, json_t *diagnostics)
{
    mc_err err = {0};
    int repaired = repair(compilation, diagnostics, &err);
    if (repaired > 0) {
        end_with_diagnostics(compilation, diagnostics);
        return;
    }
    json_decref(diagnostics);
    if (repaired == 0) {
        announce(compilation, "modernized");
        repaired = read_cell(compilation, &err);
    }
    if (repaired == 0) {
        repaired = start_round(compilation, &err);
    }
    if (repaired < 0) {
        end_with_error(compilation, &err);
    }
}

static void on_compiler_end(struct mc_compiler *compiler, int status)
{
    struct mc_compilation *compilation = compiler->owner;
    mc_err err = {0};
    if (WIFSIGNALED(status)) {
        mc_err_set(&err,
                   MC_TOOLCHAIN_FAILED,
                   "the compiler was killed by signal %d (%s)",
                   WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
        mc_err_hint(&err,
                    "run the cell again; where it happens again, the machine may be out of memory");
        end_with_error(compilation, &err);
        return;
    }
    bool failed = WEXITSTATUS(status) != 0 || access(compilation->compiler.artifact, R_OK) < 0;
    if (failed && drop_thunks(compilation)) {
        return;
    }
    json_t *diagnostics = read_diagnostics(compilation);
    if (failed) {
        next_round_or_end(compilation, diagnostics);
    } else {
        end_with_artifact(compilation, diagnostics);
    }
}

/* ---- how it begins ---- */

void mc_compilation_start_queued(struct mc_server *server)
{
    for (;;) {
        struct mc_compilation *oldest = NULL;
        for (struct mc_compilation *one = server->compilations; one; one = one->next) {
            if (!one->started_at && (!oldest || one->queued_at < oldest->queued_at)) {
                oldest = one;
            }
        }
        if (!oldest || server->compilers >= server->max_compilers) {
            return;
        }
        mc_err err = {0};
        oldest->started_at = mc_os_now();
        announce(oldest, oldest->forced ? "forced" : "new");
        if (read_cell(oldest, &err) < 0 || start_round(oldest, &err) < 0) {
            end_with_error(oldest, &err); /* starts the next one itself */
            return;
        }
    }
}

static struct mc_compilation *compilation_new(struct mc_request *request, mc_err *err)
{
    struct mc_compilation *compilation = calloc(1, sizeof *compilation);
    if (!compilation) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    compilation->server = request->server;
    compilation->toolchain = request->toolchain;
    compilation->modernize = request->ask.modernize;
    compilation->forced = request->ask.force;
    compilation->queued_at = mc_os_now();
    memcpy(compilation->key, request->prepared->key, sizeof compilation->key);
    memcpy(compilation->module, request->prepared->module, sizeof compilation->module);
    mc_buf_add(&compilation->source, request->ask.source, request->ask.source_length);
    const struct mc_using *using = &request->prepared->using;
    mc_buf_add(&compilation->using.imports, using->imports.data, using->imports.length);
    for (size_t i = 0; i < using->names.count; i++) {
        mc_strv_add(&compilation->using.names, using->names.items[i]);
        mc_strv_add(&compilation->using.texts, using->texts.items[i]);
    }
    for (size_t i = 0; i < request->prepared->flags.count; i++) {
        mc_strv_add(&compilation->flags, request->prepared->flags.items[i]);
    }
    if (mc_cell_io_read(request->ask.inputs, request->ask.outputs, &compilation->io, err) < 0 ||
        mc_buf_check(&compilation->source, err) < 0 ||
        mc_buf_check(&compilation->using.imports, err) < 0 ||
        mc_strv_check(&compilation->using.names, err) < 0 ||
        mc_strv_check(&compilation->using.texts, err) < 0 ||
        mc_strv_check(&compilation->flags, err) < 0 ||
        mc_compiler_init(&compilation->compiler, request->server, err) < 0) {
        compilation_free(compilation);
        return NULL;
    }
    compilation->exports = json_incref((json_t *) request->ask.exports);
    compilation->compiler.ended = on_compiler_end;
    compilation->compiler.owner = compilation;
    compilation->next = request->server->compilations;
    request->server->compilations = compilation;
    return compilation;
}

static void wait_for(struct mc_request *request, struct mc_compilation *compilation)
{
    request->compilation = compilation;
    request->next_waiter = compilation->waiters;
    compilation->waiters = request;
}

int mc_compilation_join(struct mc_request *request, mc_err *err)
{
    struct mc_server *server = request->server;
    struct mc_compilation *compilation = server->compilations;
    while (compilation && strcmp(compilation->key, request->prepared->key) != 0) {
        compilation = compilation->next;
    }
    if (compilation) {
        wait_for(request, compilation);
        server->counters.joined++;
        json_object_set_new(request->result, "cache", json_string("joined"));
        mc_store_note(server->store,
                      request->ask.cell,
                      request->prepared->key,
                      request->prepared->parts,
                      MC_OUTCOME_JOINED);
        mc_request_event(request, "compiling", json_pack("{s:s}", "cause", "joined"));
        return 0;
    }
    compilation = compilation_new(request, err);
    if (!compilation) {
        return -1;
    }
    wait_for(request, compilation);
    json_object_set_new(request->result, "cache", json_string("miss"));
    mc_store_note(server->store,
                  request->ask.cell,
                  request->prepared->key,
                  request->prepared->parts,
                  request->ask.force ? MC_OUTCOME_FORCED : MC_OUTCOME_MISS);
    if (server->compilers >= server->max_compilers) {
        mc_request_event(request, "queued", json_pack("{s:i}", "position", server->compilers));
    }
    mc_compilation_start_queued(server);
    return 0;
}

void mc_compilation_leave(struct mc_request *request)
{
    struct mc_compilation *compilation = request->compilation;
    if (!compilation) {
        return;
    }
    struct mc_request **link = &compilation->waiters;
    while (*link != request) {
        link = &(*link)->next_waiter;
    }
    *link = request->next_waiter;
    request->next_waiter = NULL;
    request->compilation = NULL;
    if (!compilation->waiters) {
        struct mc_server *server = compilation->server;
        unlink_compilation(compilation);
        compilation_free(compilation);
        mc_compilation_start_queued(server);
    }
}

void mc_compilation_free_all(struct mc_server *server)
{
    while (server->compilations) {
        struct mc_compilation *compilation = server->compilations;
        server->compilations = compilation->next;
        compilation_free(compilation);
    }
}
