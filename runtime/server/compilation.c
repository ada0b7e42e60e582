#include "server/compilation.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "cache/store.h"
#include "mojo/bind.h"
#include "mojo/cell.h"
#include "mojo/cell_io.h"
#include "mojo/diag.h"
#include "mojo/repair.h"
#include "runner/runner_link.h"
#include "server/cell_source.h"
#include "server/compiler.h"
#include "server/using.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct mc_compilation {
    struct mc_compilations *home;
    struct mc_node node;
    struct mc_list waiters;
    int users; /* waiting, or woken and not yet gone */
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
    json_t *changes;  /* the repairs made, or NULL */
    int round;        /* of repairs */
    int crash_signal; /* of the compiler, for which the level of optimization was lowered; or 0 */

    struct mc_compiler compiler;
    int64_t queued_at;
    int64_t started_at; /* 0 while queued */

    bool over; /* then, and only then: */
    int64_t over_at;
    mc_err error;
    char *artifact;
    json_t *meta;
    json_t *diagnostics;
    bool from_cache;
};

static struct mc_core *core_of(const struct mc_compilation *compilation)
{
    return compilation->home->core;
}

static void compilation_free(struct mc_compilation *compilation)
{
    mc_loop_post(&core_of(compilation)->loop, &compilation->home->start);
    mc_node_remove(&compilation->node);
    mc_compiler_fini(&compilation->compiler);
    mc_strv_fini(&compilation->flags);
    mc_buf_fini(&compilation->source);
    mc_bindings_free(compilation->bindings);
    mc_cell_free(compilation->cell);
    mc_cell_io_fini(&compilation->io);
    mc_using_fini(&compilation->using);
    json_decref(compilation->exports);
    json_decref(compilation->changes);
    json_decref(compilation->meta);
    json_decref(compilation->diagnostics);
    free(compilation->artifact);
    free(compilation);
}

/* ---- how it ends ---- */

/* Nobody joins it any more; those who wait will find what it left. */
static void end(struct mc_compilation *compilation)
{
    compilation->over = true;
    compilation->over_at = mc_os_now();
    mc_node_remove(&compilation->node);
    mc_waiters_wake(&core_of(compilation)->loop, &compilation->waiters);
    mc_loop_post(&core_of(compilation)->loop, &compilation->home->start);
}

static void hint_at_room(const struct mc_compilation *compilation, mc_err *err)
{
    mc_err_hint(
        err,
        "make room on the disk of '%.100s', or let MOJOCELL_RUNTIME_DIR name a directory on "
        "another one",
        core_of(compilation)->options.runtime_dir);
}

static void end_with_error(struct mc_compilation *compilation, const mc_err *err)
{
    compilation->error = *err;
    if (err->sys == ENOSPC || err->sys == EDQUOT) {
        hint_at_room(compilation, &compilation->error);
    }
    end(compilation);
}

static void end_with_diagnostics(struct mc_compilation *compilation, json_t *diagnostics)
{
    compilation->diagnostics = diagnostics;
    end(compilation);
}

/* One line for whoever would wonder about slow code. */
static void tell_lowered(const struct mc_compilation *compilation, json_t *diagnostics)
{
    char text[256];
    snprintf(text,
             sizeof text,
             "the compiler crashed on this (%s); without optimization (-O0) it did not, so the "
             "code is slower",
             strsignal(compilation->crash_signal));
    json_array_insert_new(diagnostics,
                          0,
                          json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:[], s:[]}",
                                    "kind",
                                    "warning",
                                    "message",
                                    text,
                                    "line",
                                    "column",
                                    "end_line",
                                    "end_column",
                                    "source",
                                    "notes",
                                    "fixits"));
}

static json_t *make_meta(const struct mc_compilation *compilation, json_t *diagnostics)
{
    if (compilation->crash_signal) {
        tell_lowered(compilation, diagnostics);
    }
    json_t *meta = json_pack("{s:o, s:s, s:f}",
                             "diagnostics",
                             diagnostics,
                             "module",
                             compilation->module,
                             "compile",
                             (double) (mc_os_now() - compilation->started_at) / 1e9);
    if (compilation->changes) {
        json_object_set(meta, "modernized", compilation->changes);
        json_object_set_new(
            meta, "source", json_stringn(compilation->source.data, compilation->source.length));
    }
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
static int publish(struct mc_compilation *compilation, mc_err *err)
{
    struct mc_core *core = core_of(compilation);
    struct mc_store_entry entry = {0};
    if (mc_fault("publish")) {
        mc_err_errno(err, MC_CACHE_UNAVAILABLE, "keep the artifact");
    } else if (mc_store_publish(core->store,
                                compilation->key,
                                compilation->compiler.artifact,
                                compilation->meta,
                                &entry,
                                err) == 0) {
        compilation->artifact = mc_take(&entry.artifact);
        mc_store_entry_fini(&entry);
        return 0;
    }
    mc_log("cache: %s", err->message);
    json_object_set_new(compilation->meta, "uncached", json_string(err->message));
    if (asprintf(&compilation->artifact,
                 "%s/uncached-%llu.so",
                 core->work_dir,
                 (unsigned long long) ++core->serial) < 0) {
        compilation->artifact = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (rename(compilation->compiler.artifact, compilation->artifact) < 0) {
        return mc_err_errno(err, MC_IO, "keep the artifact as '%s'", compilation->artifact);
    }
    return 0;
}

static void end_with_artifact(struct mc_compilation *compilation, json_t *diagnostics)
{
    mc_err err = {0};
    compilation->from_cache = mc_compiler_answered_from_cache(&compilation->compiler);
    mc_json_refused();
    compilation->meta = make_meta(compilation, diagnostics);
    if (mc_json_refused()) {
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        end_with_error(compilation, &err);
        return;
    }
    if (publish(compilation, &err) < 0) {
        end_with_error(compilation, &err);
        return;
    }
    end(compilation);
}

void mc_compilation_result(const struct mc_compilation *compilation, struct mc_compiled *ret)
{
    int64_t started = compilation->started_at ? compilation->started_at : compilation->over_at;
    *ret = (struct mc_compiled) {
        .error = compilation->error.code ? &compilation->error : NULL,
        .artifact = compilation->artifact,
        .meta = compilation->meta,
        .diagnostics = compilation->diagnostics,
        .changes = compilation->changes,
        .text = &compilation->source,
        .from_cache = compilation->from_cache,
        .queued = started - compilation->queued_at,
        .took = compilation->over_at - started,
    };
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
    core_of(compilation)->counters.repairs++;
    return 0;
}

static void announce(struct mc_compilation *compilation, const char *cause)
{
    MC_LIST_EACH(&compilation->waiters, struct mc_compilation_user, user, waiter.node)
    {
        user->compiling(user, cause);
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

/* Once more without optimization, where the compiler crashed on what it could optimize. Returns
 * whether that began. */
static bool lower(struct mc_compilation *compilation, int sig)
{
    static const char none[] = "-O0";
    mc_err err = {0};
    struct mc_strv lowered = MC_STRV_INIT;
    if (compilation->crash_signal) {
        return false;
    }
    for (size_t i = 0; i < compilation->flags.count; i++) {
        const char *flag = compilation->flags.items[i];
        if (strcmp(flag, none) == 0) {
            mc_strv_fini(&lowered);
            return false;
        }
        if (strncmp(flag, "-O", 2) != 0) {
            mc_strv_add(&lowered, flag);
        }
    }
    mc_strv_add(&lowered, none);
    mc_strv_fini(&compilation->flags);
    compilation->flags = lowered;
    compilation->crash_signal = sig;
    announce(compilation, "lowered");
    if (mc_strv_check(&compilation->flags, &err) < 0 || start_round(compilation, &err) < 0) {
        end_with_error(compilation, &err);
    }
    return true;
}

/* Nobody but the kernel, short of memory, and a user with a grudge sends KILL. */
static void on_compiler_signal(struct mc_compilation *compilation, int sig)
{
    mc_err err = {0};
    if (sig != SIGKILL && sig != SIGTERM && lower(compilation, sig)) {
        return;
    }
    if (sig == SIGKILL || sig == SIGTERM) {
        mc_err_set(&err,
                   MC_TOOLCHAIN_FAILED,
                   "the compiler was killed by signal %d (%s)",
                   sig,
                   strsignal(sig));
        mc_err_hint(&err,
                    "run the cell again; where it happens again, the machine may be out of memory");
    } else {
        mc_err_set(&err,
                   MC_TOOLCHAIN_FAILED,
                   "the Mojo compiler crashed on this cell (%s)",
                   strsignal(sig));
        mc_err_hint(&err,
                    "it is a fault of the compiler, not of yours: write the part that you changed "
                    "last in another way, or report it to Modular");
    }
    end_with_error(compilation, &err);
}

/* Of the compiler or its linker: not a fault of the cell. The words alone may be the cell's own. */
static bool found_no_room(const struct mc_compiler *compiler)
{
    static const char words[] = "No space left on device";
    static const unsigned long long LITTLE = 16 << 20;
    const struct mc_buf *texts[] = {&compiler->out.text, &compiler->err.text};
    struct statvfs disk;
    if (statvfs(compiler->dir, &disk) < 0 || disk.f_bavail * disk.f_bsize > LITTLE) {
        return false;
    }
    for (size_t i = 0; i < MC_LENGTH(texts); i++) {
        if (texts[i]->length && memmem(texts[i]->data, texts[i]->length, words, strlen(words))) {
            return true;
        }
    }
    return false;
}

static void on_compiler_end(struct mc_compiler *compiler, int status)
{
    struct mc_compilation *compilation = compiler->owner;
    if (WIFSIGNALED(status)) {
        on_compiler_signal(compilation, WTERMSIG(status));
        return;
    }
    bool failed = WEXITSTATUS(status) != 0 || access(compilation->compiler.artifact, R_OK) < 0;
    if (failed && found_no_room(compiler)) {
        mc_err err;
        mc_err_set(&err, MC_IO, "the compiler had no room in '%s'", compiler->dir);
        hint_at_room(compilation, &err);
        end_with_error(compilation, &err);
        return;
    }
    if (failed && drop_thunks(compilation)) {
        return;
    }
    mc_json_refused();
    json_t *diagnostics = read_diagnostics(compilation);
    if (mc_json_refused()) {
        mc_err err;
        json_decref(diagnostics);
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        end_with_error(compilation, &err);
        return;
    }
    if (failed) {
        next_round_or_end(compilation, diagnostics);
    } else {
        end_with_artifact(compilation, diagnostics);
    }
}

/* ---- how it begins ---- */

static void start(struct mc_compilation *compilation)
{
    mc_err err = {0};
    compilation->started_at = mc_os_now();
    announce(compilation, compilation->forced ? "forced" : "new");
    if (read_cell(compilation, &err) < 0 || start_round(compilation, &err) < 0) {
        end_with_error(compilation, &err);
    }
}

/* Starts what is queued, as far as processors and memory allow. */
static void start_queued(struct mc_task *task)
{
    struct mc_compilations *all = task->owner;
    int running = 0;
    MC_LIST_EACH(&all->all, struct mc_compilation, counted, node)
    {
        running += counted->started_at != 0;
    }
    MC_LIST_EACH(&all->all, struct mc_compilation, one, node)
    {
        if (running < all->most && !one->started_at) {
            start(one);
            running += !one->over;
        }
    }
}

void mc_compilations_init(struct mc_compilations *all, struct mc_core *core)
{
    static const int64_t COMPILER_MEMORY = 400LL << 20;
    int64_t by_memory = mc_os_memory() / COMPILER_MEMORY;
    int cpus = mc_os_cpus();
    *all = (struct mc_compilations) {.core = core, .start = {.go = start_queued, .owner = all}};
    all->most = by_memory < cpus ? (int) by_memory : cpus;
    all->most = all->most > 0 ? all->most : 1;
    mc_list_init(&all->all);
}

static int copy_using(struct mc_using *to, const struct mc_using *from, mc_err *err)
{
    mc_buf_add(&to->imports, from->imports.data, from->imports.length);
    for (size_t i = 0; i < from->names.count; i++) {
        mc_strv_add(&to->names, from->names.items[i]);
        mc_strv_add(&to->texts, from->texts.items[i]);
    }
    if (mc_buf_check(&to->imports, err) < 0 || mc_strv_check(&to->names, err) < 0) {
        return -1;
    }
    return mc_strv_check(&to->texts, err);
}

static int
copy_spec(struct mc_compilation *compilation, const struct mc_compilation_spec *spec, mc_err *err)
{
    compilation->toolchain = spec->toolchain;
    compilation->modernize = spec->modernize;
    compilation->forced = spec->forced;
    snprintf(compilation->key, sizeof compilation->key, "%s", spec->key);
    snprintf(compilation->module, sizeof compilation->module, "%s", spec->module);
    mc_buf_add(&compilation->source, spec->source, spec->source_length);
    for (size_t i = 0; i < spec->flags->count; i++) {
        mc_strv_add(&compilation->flags, spec->flags->items[i]);
    }
    compilation->exports = json_incref((json_t *) spec->exports);
    if (mc_cell_io_read(spec->inputs, spec->outputs, &compilation->io, err) < 0 ||
        copy_using(&compilation->using, spec->using, err) < 0 ||
        mc_buf_check(&compilation->source, err) < 0) {
        return -1;
    }
    return mc_strv_check(&compilation->flags, err);
}

static struct mc_compilation *
compilation_new(struct mc_compilations *all, const struct mc_compilation_spec *spec, mc_err *err)
{
    struct mc_compilation *compilation = mc_new(struct mc_compilation);
    if (!compilation) {
        mc_err_set(err, MC_NO_MEMORY, "out of memory");
        return NULL;
    }
    compilation->home = all;
    compilation->queued_at = mc_os_now();
    mc_list_init(&compilation->waiters);
    if (copy_spec(compilation, spec, err) < 0 ||
        mc_compiler_init(&compilation->compiler, all->core, err) < 0) {
        compilation_free(compilation);
        return NULL;
    }
    compilation->compiler.ended = on_compiler_end;
    compilation->compiler.owner = compilation;
    mc_list_add(&all->all, &compilation->node);
    return compilation;
}

static struct mc_compilation *find(struct mc_compilations *all, const char *key, int *ret_before)
{
    *ret_before = 0;
    MC_LIST_EACH(&all->all, struct mc_compilation, one, node)
    {
        if (strcmp(one->key, key) == 0) {
            return one;
        }
        ++*ret_before;
    }
    return NULL;
}

enum mc_join mc_compilation_join(struct mc_compilations *all,
                                 const struct mc_compilation_spec *spec,
                                 struct mc_compilation_user *user,
                                 struct mc_compilation **ret,
                                 mc_err *err)
{
    int before;
    struct mc_compilation *compilation = find(all, spec->key, &before);
    enum mc_join joined = compilation           ? MC_JOIN_JOINED
                          : before >= all->most ? MC_JOIN_QUEUED
                                                : MC_JOIN_STARTED;
    if (!compilation) {
        compilation = compilation_new(all, spec, err);
    }
    if (!compilation) {
        return MC_JOIN_FAILED;
    }
    compilation->users++;
    mc_list_add(&compilation->waiters, &user->waiter.node);
    mc_loop_post(&all->core->loop, &all->start);
    all->core->counters.joined += joined == MC_JOIN_JOINED;
    *ret = compilation;
    return joined;
}

void mc_compilation_leave(struct mc_compilation *compilation, struct mc_compilation_user *user)
{
    mc_waiter_withdraw(&user->waiter);
    if (--compilation->users == 0) {
        compilation_free(compilation);
    }
}
