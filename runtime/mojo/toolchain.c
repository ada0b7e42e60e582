#include "mojo/toolchain.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/compiler_env.h"
#include "mojo/toolchain_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define MEMO_VERSION   "mojocell toolchain 1"
#define MEMO_LIMIT     65536
#define ANSWER_LIMIT   65536
#define ANSWER_SECONDS 30

struct mc_toolchain *mc_toolchain_free(struct mc_toolchain *toolchain)
{
    if (toolchain != NULL) {
        free(toolchain->root);
        free(toolchain->version);
        free(toolchain->version_line);
        free(toolchain->target_triple);
        free(toolchain->target_cpu);
        free(toolchain->target_features);
        mc_strv_fini(&toolchain->libraries);
        free(toolchain);
    }
    return NULL;
}

static void toolchain_cleanup(struct mc_toolchain **toolchain)
{
    mc_toolchain_free(*toolchain);
}

#define autotoolchain __attribute__((cleanup(toolchain_cleanup))) struct mc_toolchain

static void json_cleanup(json_t **json)
{
    json_decref(*json);
}

#define autojson __attribute__((cleanup(json_cleanup))) json_t

/* Reads until the other end is closed, the limit or the deadline. */
static int read_answer(int fd, int64_t deadline, struct mc_buf *ret, mc_err *err)
{
    while (ret->length < ANSWER_LIMIT) {
        char chunk[4096];
        int64_t left = (deadline - mc_os_now()) / 1000000;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (left <= 0 || poll(&ready, 1, (int) left) == 0) {
            return mc_err_set(
                err, MC_TOOLCHAIN_FAILED, "no answer within %d s", (int) ANSWER_SECONDS);
        }
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno != EINTR) {
            return mc_err_errno(err, MC_TOOLCHAIN_FAILED, "read its answer");
        }
        if (got == 0) {
            break;
        }
        mc_buf_add(ret, chunk, got > 0 ? (size_t) got : 0);
    }
    return mc_buf_check(ret, err);
}

static int start(char *const *argv, char *const *envp, int out, pid_t *ret, mc_err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int r = posix_spawn(ret, argv[0], &actions, NULL, argv, envp);
    posix_spawn_file_actions_destroy(&actions);
    if (r != 0) {
        errno = r;
        return mc_err_errno(err, MC_TOOLCHAIN_FAILED, "start '%s'", argv[0]);
    }
    return 0;
}

/* What the compiler writes to stdout. */
static int ask(const char *root, const char *const *arguments, struct mc_buf *ret, mc_err *err)
{
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv env = MC_STRV_INIT;
    int ends[2];
    pid_t pid;
    int status;
    mc_strv_addf(&argv, "%s/bin/mojo", root);
    for (; *arguments != NULL; arguments++) {
        mc_strv_add(&argv, *arguments);
    }
    if (mc_compiler_env(root, NULL, NULL, NULL, NULL, &env, err) < 0 ||
        mc_strv_check(&argv, err) < 0) {
        return -1;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "pipe");
    }
    mc_autoclose int in = ends[0];
    mc_autoclose int out = ends[1];
    if (start(argv.items, env.items, out, &pid, err) < 0) {
        return -1;
    }
    close(mc_take_fd(&out));
    int r = read_answer(in, mc_os_now() + ANSWER_SECONDS * INT64_C(1000000000), ret, err);
    if (r < 0) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return r < 0 ? mc_err_wrap(err, "'%s'", argv.items[0]) : 0;
}

/* "Mojo 1.2.0 (2016d0cd)" → its first line and "1.2.0". */
static int read_version(struct mc_toolchain *toolchain, const char *answer, mc_err *err)
{
    size_t length = strcspn(answer, "\r\n");
    const char *number = strpbrk(answer, "0123456789");
    if (number == NULL || number >= answer + length || strncasecmp(answer, "mojo", 4) != 0) {
        return mc_err_set(err,
                          MC_TOOLCHAIN_FAILED,
                          "'%s/bin/mojo --version' did not answer as a Mojo compiler does: '%.*s'",
                          toolchain->root,
                          (int) (length < 80 ? length : 80),
                          answer);
    }
    toolchain->version_line = strndup(answer, length);
    toolchain->version = strndup(number, strcspn(number, " \r\n("));
    return toolchain->version_line != NULL && toolchain->version != NULL
               ? 0
               : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

/* Releases were numbered by year (24.1 … 26.x, on PyPI 0.25 and 0.26) before there was a 1.0. */
static int check_version(const struct mc_toolchain *toolchain, mc_err *err)
{
    long major = strtol(toolchain->version, NULL, 10);
    if (major >= 1 && (major < 24 || major > 26)) {
        return 0;
    }
    mc_err_set(err,
               MC_TOOLCHAIN_UNSUPPORTED,
               "Mojo %s in '%s' is too old: 1.0 or later is needed",
               toolchain->version,
               toolchain->root);
    return mc_err_hint(err, "pip install --upgrade mojo");
}

/* The word after `option` in the compiler's description of its target. */
static char *target_value(const char *answer, const char *option)
{
    const char *at = strstr(answer, option);
    if (at == NULL) {
        return strdup("");
    }
    at += strlen(option);
    at += strspn(at, " ");
    return strndup(at, strcspn(at, " \r\n"));
}

static int read_target(struct mc_toolchain *toolchain, const char *answer, mc_err *err)
{
    toolchain->target_triple = target_value(answer, "--target-triple");
    toolchain->target_cpu = target_value(answer, "--target-cpu");
    toolchain->target_features = target_value(answer, "--target-features");
    if (toolchain->target_triple == NULL || toolchain->target_cpu == NULL ||
        toolchain->target_features == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (toolchain->target_cpu[0] == '\0') {
        return mc_err_set(
            err, MC_TOOLCHAIN_FAILED, "'%s/bin/mojo' does not tell its target", toolchain->root);
    }
    return 0;
}

static int ask_all(struct mc_toolchain *toolchain, mc_err *err)
{
    static const char *const version[] = {"--version", NULL};
    static const char *const target[] = {"build", "--print-effective-target", NULL};
    mc_autobuf answer = MC_BUF_INIT;
    mc_autobuf description = MC_BUF_INIT;
    if (ask(toolchain->root, version, &answer, err) < 0 ||
        read_version(toolchain, answer.data != NULL ? answer.data : "", err) < 0 ||
        check_version(toolchain, err) < 0 || ask(toolchain->root, target, &description, err) < 0) {
        return -1;
    }
    return read_target(toolchain, description.data != NULL ? description.data : "", err);
}

static int
hash_all(struct mc_toolchain *toolchain, const struct mc_toolchain_files *files, mc_err *err)
{
    struct mc_hash hash;
    if (mc_hash_init(&hash, err) < 0) {
        return -1;
    }
    int r = mc_toolchain_files_content(&hash, toolchain->root, &files->libraries, err);
    mc_hash_hex(&hash, toolchain->runtime);
    mc_hash_fini(&hash);
    if (r < 0 || mc_hash_init(&hash, err) < 0) {
        return -1;
    }
    mc_hash_part_string(&hash, "runtime", toolchain->runtime);
    r = mc_toolchain_files_content(&hash, toolchain->root, &files->compiler, err);
    mc_hash_hex(&hash, toolchain->identity);
    mc_hash_fini(&hash);
    return r;
}

/* What the compiler can see of the processor: only lines that do not change from moment to moment,
 * of the first processor alone. */
static void hash_processor(struct mc_hash *hash)
{
    static const char *const lines[] = {
        "vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU "};
    char text[8192];
    mc_autoclose int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    text[got > 0 ? got : 0] = '\0';
    char *end = strstr(text, "\n\n");
    if (end != NULL) {
        *end = '\0';
    }
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        for (size_t i = 0; i < MC_LENGTH(lines); i++) {
            if (strncmp(line, lines[i], strlen(lines[i])) == 0) {
                mc_hash_part_string(hash, "processor", line);
                break;
            }
        }
    }
}

static int memo_path(const char *root,
                     const char *memo_dir,
                     const struct mc_toolchain_files *files,
                     char **ret,
                     mc_err *err)
{
    struct mc_hash hash;
    char hex[MC_HASH_HEX];
    mc_autofree char *name = NULL;
    if (mc_hash_init(&hash, err) < 0) {
        return -1;
    }
    mc_hash_part_string(&hash, "memo", MEMO_VERSION);
    mc_hash_part_string(&hash, "root", root);
    hash_processor(&hash);
    int r = mc_toolchain_files_state(&hash, "compiler", &files->compiler, err);
    r = r < 0 ? r : mc_toolchain_files_state(&hash, "library", &files->libraries, err);
    mc_hash_hex(&hash, hex);
    mc_hash_fini(&hash);
    if (r < 0) {
        return -1;
    }
    if (asprintf(&name, "toolchain-%.32s.json", hex) < 0 ||
        (*ret = mc_fs_join(memo_dir, name)) == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    return 0;
}

static struct mc_toolchain *memo_load(const char *path, const char *root)
{
    mc_autobuf text = MC_BUF_INIT;
    struct mc_toolchain *toolchain = NULL;
    mc_err err;
    if (mc_fs_read(path, MEMO_LIMIT, &text, &err) < 0) {
        return NULL;
    }
    autojson *json = mc_json_read(text.data != NULL ? text.data : "", text.length, 0, NULL);
    if (json == NULL || mc_toolchain_from_json(json, &toolchain, &err) < 0) {
        return NULL;
    }
    return strcmp(toolchain->root, root) == 0 ? toolchain : mc_toolchain_free(toolchain);
}

/* What cannot be remembered is found out again: no error. */
static void memo_store(const char *path, const char *memo_dir, const struct mc_toolchain *toolchain)
{
    mc_err err;
    autojson *json = NULL;
    if (mc_fs_mkdirs(memo_dir, 0700, &err) < 0 ||
        mc_toolchain_to_json(toolchain, &json, &err) < 0) {
        return;
    }
    mc_autobuf text = MC_BUF_INIT;
    if (mc_json_text(json, JSON_COMPACT | JSON_SORT_KEYS, &text, &err) < 0 ||
        mc_fs_write_atomic(path, text.data, text.length, 0600, &err) < 0) {
        return;
    }
}

static int
find_out(const char *root, struct mc_toolchain_files *files, struct mc_toolchain **ret, mc_err *err)
{
    autotoolchain *toolchain = calloc(1, sizeof *toolchain);
    if (toolchain == NULL || (toolchain->root = strdup(root)) == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    toolchain->has_lld = files->has_lld;
    toolchain->libraries = files->libraries;
    files->libraries = MC_STRV_INIT;
    struct mc_toolchain_files view = {.compiler = files->compiler,
                                      .libraries = toolchain->libraries};
    if (ask_all(toolchain, err) < 0 || hash_all(toolchain, &view, err) < 0) {
        return -1;
    }
    *ret = mc_take(&toolchain);
    return 0;
}

int mc_toolchain_identify(const char *root,
                          const char *memo_dir,
                          struct mc_toolchain **ret,
                          mc_err *err)
{
    __attribute__((cleanup(mc_toolchain_files_fini))) struct mc_toolchain_files files = {0};
    mc_autofree char *memo = NULL;
    if (mc_toolchain_files_list(root, &files, err) < 0) {
        return -1;
    }
    mc_err not_own;
    if (memo_dir != NULL && mc_fs_check_own(memo_dir, 022, &not_own) < 0 &&
        not_own.code != MC_NOT_FOUND) {
        memo_dir = NULL; /* another user could name libraries there */
    }
    if (memo_dir != NULL) {
        if (memo_path(root, memo_dir, &files, &memo, err) < 0) {
            return -1;
        }
        struct mc_toolchain *known = memo_load(memo, root);
        if (known != NULL) {
            *ret = known;
            return 0;
        }
    }
    if (find_out(root, &files, ret, err) < 0) {
        return -1;
    }
    if (memo != NULL) {
        memo_store(memo, memo_dir, *ret);
    }
    return 0;
}

int mc_toolchain_to_json(const struct mc_toolchain *toolchain, json_t **ret, mc_err *err)
{
    json_t *libraries = json_array();
    for (size_t i = 0; i < toolchain->libraries.count; i++) {
        json_array_append_new(libraries, json_string(toolchain->libraries.items[i]));
    }
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}",
                             "root",
                             toolchain->root,
                             "version",
                             toolchain->version,
                             "version_line",
                             toolchain->version_line,
                             "identity",
                             toolchain->identity,
                             "runtime",
                             toolchain->runtime,
                             "target_triple",
                             toolchain->target_triple,
                             "target_cpu",
                             toolchain->target_cpu,
                             "target_features",
                             toolchain->target_features,
                             "has_lld",
                             toolchain->has_lld,
                             "libraries",
                             libraries);
    if (json == NULL) {
        /* A path that is no UTF-8 cannot be told; jansson does not distinguish that from memory. */
        return mc_err_set(
            err, MC_TOOLCHAIN_FAILED, "'%s' cannot be described in JSON", toolchain->root);
    }
    *ret = json;
    return 0;
}

static bool read_hex(const char *text, char ret[static MC_HASH_HEX])
{
    if (strlen(text) != MC_HASH_HEX - 1 ||
        strspn(text, "0123456789abcdef") != (size_t) MC_HASH_HEX - 1) {
        return false;
    }
    memcpy(ret, text, MC_HASH_HEX);
    return true;
}

static bool read_libraries(const json_t *libraries, struct mc_strv *ret)
{
    size_t i;
    json_t *item;
    json_array_foreach(libraries, i, item)
    {
        const char *path = json_string_value(item);
        if (path == NULL || path[0] != '/') {
            return false;
        }
        mc_strv_add(ret, path);
    }
    return ret->count > 0;
}

int mc_toolchain_from_json(const json_t *json, struct mc_toolchain **ret, mc_err *err)
{
    const char *root, *version, *line, *identity, *runtime, *triple, *cpu, *features;
    json_t *libraries;
    int has_lld;
    autotoolchain *toolchain = calloc(1, sizeof *toolchain);
    if (toolchain == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (json_unpack((json_t *) json,
                    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}",
                    "root",
                    &root,
                    "version",
                    &version,
                    "version_line",
                    &line,
                    "identity",
                    &identity,
                    "runtime",
                    &runtime,
                    "target_triple",
                    &triple,
                    "target_cpu",
                    &cpu,
                    "target_features",
                    &features,
                    "has_lld",
                    &has_lld,
                    "libraries",
                    &libraries) < 0 ||
        root[0] != '/' || !read_hex(identity, toolchain->identity) ||
        !read_hex(runtime, toolchain->runtime) ||
        !read_libraries(libraries, &toolchain->libraries)) {
        return mc_err_set(err, MC_INVALID_REQUEST, "not the description of a toolchain");
    }
    toolchain->root = strdup(root);
    toolchain->version = strdup(version);
    toolchain->version_line = strdup(line);
    toolchain->target_triple = strdup(triple);
    toolchain->target_cpu = strdup(cpu);
    toolchain->target_features = strdup(features);
    toolchain->has_lld = has_lld != 0;
    if (toolchain->root == NULL || toolchain->version == NULL || toolchain->version_line == NULL ||
        toolchain->target_triple == NULL || toolchain->target_cpu == NULL ||
        toolchain->target_features == NULL || mc_strv_check(&toolchain->libraries, err) < 0) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    *ret = mc_take(&toolchain);
    return 0;
}
