#include "server/compilation_round.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/cell_source.h"
#include "mojo/diag.h"
#include "mojo/library_hint.h"
#include "mojo/loop_source.h"
#include "mojo/repair.h"
#include "server/compilation_end.h"
#include "server/compilation_state.h"
#include "server/compilation_user.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

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
    if (mc_using_module(compilation->source.data,
                        compilation->source.length,
                        &compilation->using.imports,
                        compilation->as_used,
                        err) < 0) {
        return -1;
    }
    const struct mc_around around = {.module = compilation->as_used,
                                     .imports = compilation->using.imports.data,
                                     .names = &compilation->using.names,
                                     .texts = &compilation->using.texts};
    if (mc_bindings_make(
            compilation->cell, compilation->exports, &around, &compilation->bindings, err) < 0) {
        return -1;
    }
    const struct mc_using *using = &compilation->using;
    const struct mc_lift_below below = {.imports = using->imports.data ? using->imports.data : "",
                                        .names = &using->names,
                                        .texts = &using->texts};
    return compilation->loops
               ? mc_loops_choose(compilation->bindings, compilation->loops, &below, err)
               : 0;
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

/* What stands below the cell: what it imports of the sources that it uses, and what shows a value
 * of Python's where one of these knows of Python. */
static void add_below(const struct mc_compilation *compilation, struct mc_buf *ret)
{
    const struct mc_using *using = &compilation->using;
    mc_buf_add(ret, using->imports.data ? using->imports.data : "", using->imports.length);
    for (size_t i = 0; i < using->texts.count; i++) {
        if (strstr(using->texts.items[i], "std.python")) {
            mc_cell_show_python(compilation->cell, ret);
            return;
        }
    }
}

static int write_sources(struct mc_compilation *compilation, mc_err *err)
{
    mc_autobuf module = MC_BUF_INIT;
    mc_autobuf entry = MC_BUF_INIT;
    mc_autobuf below = MC_BUF_INIT;
    add_below(compilation, &below);
    if (mc_buf_check(&below, err) < 0) {
        return -1;
    }
    const char *imports = below.data != NULL ? below.data : "";
    if (mc_bindings_sources(compilation->bindings, compilation->module, imports, &module, &entry) <
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
    if (mc_compiler_start(
            &compilation->compiler, compilation->toolchain, root, &compilation->flags, err) < 0) {
        return -1;
    }
    struct mc_counters *counters = &compilation->core->counters;
    counters->speculated += compilation->urgency == MC_URGENCY_SPECULATION;
    counters->prefetched += compilation->urgency == MC_URGENCY_PREFETCH;
    return 0;
}

static const char *name_hint(const struct mc_cell *cell, const char *message, long line)
{
    static const char unknown[] = "use of unknown declaration '";
    if (strncmp(message, unknown, sizeof unknown - 1) != 0) {
        return NULL;
    }
    mc_autofree char *name = strdup(message + sizeof unknown - 1);
    if (!name) {
        return NULL;
    }
    name[strcspn(name, "'")] = '\0';
    return mc_cell_hint(cell, name, line);
}

/* The reader of diagnostics knows the language; that a name is a variable of the cell's statements,
 * which its definitions cannot see, only the cell knows, and only who has the search path, what a
 * library has. */
static void add_hints(const struct mc_compilation *compilation, json_t *diagnostics)
{
    size_t i;
    json_t *one;
    json_array_foreach(diagnostics, i, one)
    {
        const char *message = json_string_value(json_object_get(one, "message"));
        const char *text = json_string_value(json_object_get(one, "source"));
        long line = (long) json_integer_value(json_object_get(one, "line"));
        long column = (long) json_integer_value(json_object_get(one, "column"));
        mc_autobuf library = MC_BUF_INIT;
        if (message && text) {
            mc_library_hint(compilation->flags.items, message, text, column, &library);
        }
        const char *hint = library.data ? library.data
                           : message    ? name_hint(compilation->cell, message, line)
                                        : NULL;
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
    add_hints(compilation, diagnostics);
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
    compilation->core->counters.repairs++;
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
        mc_compilation_fail(compilation, &err);
    }
    return true;
}

/* What cannot be compiled for vectors is for one element at a time. Returns whether that began. */
static bool settle_loops(struct mc_compilation *compilation)
{
    mc_err err = {0};
    if (!compilation->loops) {
        return false;
    }
    json_t *diagnostics = read_diagnostics(compilation);
    bool settled = mc_loops_settle(compilation->bindings, diagnostics);
    json_decref(diagnostics);
    if (settled && start_round(compilation, &err) < 0) {
        mc_compilation_fail(compilation, &err);
    }
    return settled;
}

static void next_round_or_end(struct mc_compilation *compilation, json_t *diagnostics)
{
    mc_err err = {0};
    int repaired = repair(compilation, diagnostics, &err);
    if (repaired > 0) {
        mc_compilation_refuse(compilation, diagnostics);
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
        mc_compilation_fail(compilation, &err);
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
        mc_compilation_fail(compilation, &err);
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
    mc_compilation_fail(compilation, &err);
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

void mc_compilation_on_compiler(struct mc_compiler *compiler, int status)
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
        mc_compilation_hint_at_room(compilation, &err);
        mc_compilation_fail(compilation, &err);
        return;
    }
    if (failed && (settle_loops(compilation) || drop_thunks(compilation))) {
        return;
    }
    mc_json_refused();
    json_t *diagnostics = read_diagnostics(compilation);
    if (mc_json_refused()) {
        mc_err err;
        json_decref(diagnostics);
        mc_err_set(&err, MC_NO_MEMORY, "out of memory");
        mc_compilation_fail(compilation, &err);
        return;
    }
    if (failed) {
        next_round_or_end(compilation, diagnostics);
    } else {
        mc_compilation_succeed(compilation, diagnostics);
    }
}

void mc_compilation_start(struct mc_compilation *compilation)
{
    mc_err err = {0};
    compilation->started_at = mc_os_now();
    announce(compilation, compilation->forced ? "forced" : "new");
    if (read_cell(compilation, &err) < 0 || start_round(compilation, &err) < 0) {
        mc_compilation_fail(compilation, &err);
    }
}
