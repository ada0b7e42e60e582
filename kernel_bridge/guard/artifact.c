#include "kernel_bridge/guard/artifact.h"

#include "abi/input.h"
#include "abi/words.h"
#include "base/hash.h"
#include "base/mem.h"
#include "kernel_bridge/guard/guard_thread.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mc_artifact *artifacts;
static char runtime[MC_HASH_HEX]; /* identity of the one that is loaded; "": none yet */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- the runtime ---- */

static int conflict(const char *what, mc_err *err)
{
    mc_err_set(err, MC_RUNTIME_CONFLICT, "this process has another Mojo runtime loaded%s", what);
    return mc_err_hint(err, "functions of this compiler are called in a process of their own");
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x;
    struct stat y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Another file of the name of one of ours: the artifacts would be bound to it, by that name. */
static int note_foreign(struct dl_phdr_info *info, size_t size, void *data)
{
    const char *const *libraries = data;
    (void) size;
    for (; *libraries; libraries++) {
        if (strcmp(base_name(*libraries), base_name(info->dlpi_name)) == 0) {
            return !is_same_file(*libraries, info->dlpi_name);
        }
    }
    return 0;
}

/* Somebody else's, loaded for all to see, or under the name of ours for itself alone. */
static bool is_foreign(const char *const *libraries)
{
    Dl_info info;
    const void *found = dlsym(RTLD_DEFAULT, "KGEN_CompilerRT_AlignedAlloc");
    bool visible = found && dladdr(found, &info);
    for (const char *const *one = libraries; visible && *one; one++) {
        visible = !is_same_file(*one, info.dli_fname);
    }
    return visible || dl_iterate_phdr(note_foreign, (void *) libraries) != 0;
}

static int load_runtime(const struct mc_artifact_spec *spec, mc_err *err)
{
    if (!spec->libraries[0]) {
        return 0;
    }
    if (runtime[0]) {
        return strcmp(runtime, spec->identity) == 0 ? 0 : conflict("", err);
    }
    if (is_foreign(spec->libraries)) {
        return conflict(" by another package", err);
    }
    for (const char *const *library = spec->libraries; *library; library++) {
        if (!dlopen(*library, RTLD_NOW | RTLD_GLOBAL)) {
            return mc_err_set(err, MC_IO, "load the Mojo runtime: %s", dlerror());
        }
    }
    snprintf(runtime, sizeof runtime, "%s", spec->identity);
    return 0;
}

/* ---- artifacts ---- */

struct search {
    struct mc_artifact *artifact;
    uintptr_t base;
};

static int note_texts(struct dl_phdr_info *info, size_t size, void *data)
{
    struct search *search = data;
    size_t n = 0;
    (void) size;
    if (info->dlpi_addr != search->base) {
        return 0;
    }
    for (size_t i = 0; i < info->dlpi_phnum && n < MC_ARTIFACT_TEXTS; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X)) {
            uintptr_t low = info->dlpi_addr + segment->p_vaddr;
            search->artifact->texts[n++] = (struct mc_text) {low, low + segment->p_memsz};
        }
    }
    return 1;
}

static int load(struct mc_artifact *artifact, const struct mc_artifact_spec *spec, mc_err *err)
{
    struct link_map *map;
    artifact->path = strdup(spec->path);
    if (!artifact->path) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    artifact->handle = dlopen(spec->path, RTLD_NOW | RTLD_LOCAL);
    if (!artifact->handle || dlinfo(artifact->handle, RTLD_DI_LINKMAP, &map) != 0) {
        return mc_err_set(err, MC_IO, "load the compiled functions: %s", dlerror());
    }
    struct search search = {.artifact = artifact, .base = map->l_addr};
    if (dl_iterate_phdr(note_texts, &search) != 1 || artifact->texts[0].high == 0) {
        return mc_err_set(err, MC_IO, "%s has no code", spec->path);
    }
    mc_words_watch(artifact->handle, mc_guard_words, spec->name ? spec->name : "cell");
    mc_input_watch(artifact->handle);
    artifact->release = (mc_release_thunk *) (uintptr_t) dlsym(artifact->handle, MC_THUNK_RELEASE);
    return 0;
}

static void discard(struct mc_artifact *artifact)
{
    if (artifact->handle) {
        dlclose(artifact->handle);
    }
    free(artifact->path);
    free(artifact);
}

static int open_locked(const struct mc_artifact_spec *spec, struct mc_artifact **ret, mc_err *err)
{
    for (struct mc_artifact *one = artifacts; one; one = one->next) {
        if (strcmp(one->path, spec->path) == 0) {
            *ret = one;
            return 0;
        }
    }
    if (load_runtime(spec, err) < 0) {
        return -1;
    }
    struct mc_artifact *artifact = calloc(1, sizeof *artifact);
    if (!artifact) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (load(artifact, spec, err) < 0) {
        discard(artifact);
        return -1;
    }
    artifact->next = artifacts;
    artifacts = artifact;
    *ret = artifact;
    return 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* A child that is forked while another thread loads has no such thread to wait for. */
static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

int mc_artifact_open(const struct mc_artifact_spec *spec, struct mc_artifact **ret, mc_err *err)
{
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&lock);
    int result = open_locked(spec, ret, err);
    pthread_mutex_unlock(&lock);
    return result;
}

mc_thunk *mc_artifact_thunk(const struct mc_artifact *artifact, const char *symbol)
{
    return (mc_thunk *) (uintptr_t) dlsym(artifact->handle, symbol);
}
