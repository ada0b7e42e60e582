#include "server/cache_key.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/paths.h"
#include "mojo/cell.h"
#include "mojo/cell_io.h"
#include "mojo/closure.h"
#include "mojo/flags.h"
#include "mojo/import_path.h"
#include "mojo/repair.h"
#include "mojo/toolchain.h"

#include <stdio.h>
#include <string.h>

struct mc_cache_key *mc_cache_key_free(struct mc_cache_key *made)
{
    if (made) {
        mc_strv_fini(&made->flags);
        mc_strv_fini(&made->include);
        mc_using_fini(&made->using);
        json_decref(made->parts);
        free(made);
    }
    return NULL;
}

static int normalize_flags(const struct mc_fields *fields, struct mc_cache_key *made, mc_err *err)
{
    mc_autostrv given = MC_STRV_INIT;
    size_t i;
    json_t *flag;
    json_array_foreach(fields->flags, i, flag)
    {
        mc_strv_add(&given, json_string_value(flag));
    }
    if (mc_strv_check(&given, err) < 0) {
        return -1;
    }
    if (mc_flags_normalize(given.items, fields->cwd, &made->flags, &made->include, err) < 0) {
        return -1;
    }
    made->n_given = made->include.count;
    return 0;
}

/* Modules beside the notebook are found after those of -I, and last those of the caller's import
 * path. The directories' names are not part of the key, what is found in them is. */
static int add_directories(const struct mc_fields *fields,
                           char *const *envp,
                           struct mc_cache_key *made,
                           mc_err *err)
{
    const char *cwd = fields->cwd;
    if (strcmp(cwd, "/") != 0) {
        mc_strv_add(&made->include, cwd);
    }
    mc_import_path_add(envp, cwd, &made->include);
    return mc_strv_check(&made->include, err);
}

static void add_toolchain(struct mc_key *key, const struct mc_toolchain *toolchain)
{
    mc_key_add_string(key, "compiler", toolchain->version);
    mc_key_add_string(key, "compiler.identity", toolchain->identity);
    mc_key_add_string(key, "runtime.identity", toolchain->runtime);
    mc_key_add_string(key, "target", toolchain->target_triple);
    mc_key_add_string(key, "target.cpu", toolchain->target_cpu);
    mc_key_add_string(key, "target.features", toolchain->target_features);
    mc_key_add_string(
        key,
        "linker",
        MC_BUILD_ID); /* the shim, the generated entry and our package are of this build */
}

static int add_module(void *context, const char *path, const char *digest)
{
    char tag[4200];
    snprintf(tag, sizeof tag, "module %s", path);
    mc_key_add_string(context, tag, digest ? digest : "absent");
    return 0;
}

/* Modules of other sources are named by their content. */
static void add_using(struct mc_key *key, const struct mc_using *using)
{
    for (size_t i = 0; i < using->names.count; i++) {
        mc_key_add_string(key, "using", using->names.items[i]);
    }
    if (using->names.count > 0) {
        mc_key_add_string(key, "using.names", using->imports.data);
    }
}

/* What the cell imports, and what the sources import that it uses. */
static int
add_closures(struct mc_key *key, const struct mc_cell *cell, struct mc_cache_key *made, mc_err *err)
{
    char *const *include = made->include.items;
    size_t length;
    const char *source = mc_cell_text(cell, &length);
    int result = mc_closure(source, length, include, add_module, key, err);
    for (size_t i = 0; result == 0 && i < made->using.texts.count; i++) {
        const char *text = made->using.texts.items[i];
        result = mc_closure(text, strlen(text), include, add_module, key, err);
    }
    return result;
}

/* Nothing where there is none. */
static int add_json(struct mc_key *key, const char *tag, const json_t *json, mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    if (json && mc_json_text(json, JSON_COMPACT | JSON_SORT_KEYS, &text, err) < 0) {
        return -1;
    }
    mc_key_add(key, tag, text.data ? text.data : "", text.length);
    return 0;
}

static int make_key(const struct mc_fields *fields,
                    const struct mc_cell *cell,
                    const struct mc_toolchain *toolchain,
                    const struct mc_cell_io *io,
                    struct mc_cache_key *made,
                    mc_err *err)
{
    struct mc_key key;
    size_t length;
    const char *source = mc_cell_text(cell, &length);
    if (mc_key_init(&key, err) < 0) {
        return -1;
    }
    mc_key_add(&key, "source", source, length);
    mc_key_add_string(&key, "repair", fields->modernize ? MC_REPAIR_VERSION : "no");
    add_toolchain(&key, toolchain);
    for (size_t i = 0; i < made->flags.count; i++) {
        mc_key_add_string(&key, "flag", made->flags.items[i]);
    }
    size_t number;
    json_t *name;
    json_array_foreach(fields->exports, number, name)
    {
        mc_key_add_string(&key, "export", json_string_value(name));
    }
    if (fields->exports) {
        mc_key_add_string(&key, "exports", "limited");
    }
    json_array_foreach(fields->loops, number, name)
    {
        mc_key_add_string(&key, "loop", json_string_value(name));
    }
    add_using(&key, &made->using);
    int result = 0;
    if (mc_cell_io_any(io)) {
        result = add_json(&key, "inputs", fields->inputs, err) < 0 ||
                         add_json(&key, "outputs", fields->outputs, err) < 0
                     ? -1
                     : 0;
    }
    if (result == 0) {
        result = add_closures(&key, cell, made, err);
    }
    if (result == 0) {
        result = mc_key_finish(&key, made->key, &made->parts, err);
    }
    mc_key_fini(&key);
    return result;
}

static int read_surroundings(const struct mc_fields *fields,
                             char *const *envp,
                             struct mc_cache_key **ret,
                             mc_err *err)
{
    struct mc_cache_key *made = mc_new(struct mc_cache_key);
    if (!made) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (normalize_flags(fields, made, err) < 0 ||
        mc_using_read(fields->using, &made->using, err) < 0 ||
        add_directories(fields, envp, made, err) < 0) {
        mc_cache_key_free(made);
        return -1;
    }
    *ret = made;
    return 0;
}

int mc_cache_key_surroundings(const struct mc_fields *fields,
                              char *const *envp,
                              const char *package,
                              struct mc_cache_key **ret,
                              mc_err *err)
{
    if (read_surroundings(fields, envp, ret, err) < 0) {
        return -1;
    }
    mc_strv_add(&(*ret)->include, package);
    return mc_strv_check(&(*ret)->include, err);
}

int mc_cache_key_make(const struct mc_fields *fields,
                      const struct mc_cell *cell,
                      const struct mc_toolchain *toolchain,
                      const struct mc_cell_io *io,
                      char *const *envp,
                      const char *package,
                      struct mc_cache_key **ret,
                      mc_err *err)
{
    struct mc_cache_key *made = NULL;
    if (read_surroundings(fields, envp, &made, err) < 0) {
        return -1;
    }
    if (make_key(fields, cell, toolchain, io, made, err) < 0) {
        mc_cache_key_free(made);
        return -1;
    }
    mc_strv_add(&made->include, package);
    for (size_t i = made->n_given; i < made->include.count; i++) {
        mc_strv_addf(&made->flags, "-I%s", made->include.items[i]);
    }
    if (mc_strv_check(&made->flags, err) < 0) {
        mc_cache_key_free(made);
        return -1;
    }
    snprintf(made->module, sizeof made->module, "mc_%.16s", made->key);
    *ret = made;
    return 0;
}
