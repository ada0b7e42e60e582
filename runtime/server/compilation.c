#include "server/compilation.h"

#include "base/mem.h"
#include "base/os.h"
#include "server/compilation_round.h"
#include "server/compilation_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void compilation_free(struct mc_compilation *compilation)
{
    mc_loop_post(&compilation->core->loop, compilation->turns);
    mc_node_remove(&compilation->node);
    mc_compiler_fini(&compilation->compiler);
    mc_strv_fini(&compilation->flags);
    mc_buf_fini(&compilation->source);
    mc_bindings_free(compilation->bindings);
    mc_cell_free(compilation->cell);
    mc_cell_io_fini(&compilation->io);
    mc_using_fini(&compilation->using);
    json_decref(compilation->exports);
    json_decref(compilation->loops);
    json_decref(compilation->changes);
    json_decref(compilation->meta);
    json_decref(compilation->diagnostics);
    free(compilation->artifact);
    free(compilation);
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
    compilation->loops = json_incref((json_t *) spec->loops);
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
    compilation->core = all->core;
    compilation->turns = &all->turns;
    compilation->urgency = MC_URGENCY_COUNT;
    compilation->queued_at = mc_os_now();
    mc_list_init(&compilation->waiters);
    if (copy_spec(compilation, spec, err) < 0 ||
        mc_compiler_init(&compilation->compiler, all->core, err) < 0) {
        compilation_free(compilation);
        return NULL;
    }
    compilation->compiler.ended = mc_compilation_on_compiler;
    compilation->compiler.owner = compilation;
    mc_list_add(&all->all, &compilation->node);
    return compilation;
}

/* Those before it are as urgent, or more. */
static struct mc_compilation *
find(struct mc_compilations *all, const char *key, enum mc_urgency urgency, int *ret_before)
{
    *ret_before = 0;
    MC_LIST_EACH(&all->all, struct mc_compilation, one, node)
    {
        if (strcmp(one->key, key) == 0) {
            return one;
        }
        *ret_before += one->urgency <= urgency;
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
    struct mc_compilation *compilation = find(all, spec->key, user->urgency, &before);
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
    mc_loop_post(&all->core->loop, &all->turns);
    all->core->counters.joined += joined == MC_JOIN_JOINED;
    *ret = compilation;
    return joined;
}

void mc_compilation_leave(struct mc_compilation *compilation, struct mc_compilation_user *user)
{
    mc_waiter_withdraw(&user->waiter);
    if (--compilation->users == 0) {
        compilation_free(compilation);
    } else {
        mc_loop_post(&compilation->core->loop, compilation->turns);
    }
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
