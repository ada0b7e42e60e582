#include "mojo/flags.h"

#include "base/buf.h"
#include "base/mem.h"

#include <string.h>

/* What an option sets. Up to SLOT_SINGLE the last one given counts; this is also the order of the
 * canonical spelling. */
enum slot {
    SLOT_OPTIMIZATION,
    SLOT_DEBUG,
    SLOT_CPU,
    SLOT_FEATURES,
    SLOT_NO_WARNINGS,
    SLOT_WERROR,
    SLOT_SINGLE,
    SLOT_FP_MODE = SLOT_SINGLE,
    SLOT_INCLUDE,
    SLOT_DEFINE,
};

static const struct option {
    const char *name;
    enum slot slot;
    const char *value; /* what it means; NULL: a value follows */
    bool joins;        /* the value may follow without a "=" */
} options[] = {
    {"-O", SLOT_OPTIMIZATION, NULL, true},
    {"--optimization-level", SLOT_OPTIMIZATION, NULL, false},
    {"--no-optimization", SLOT_OPTIMIZATION, "0", false},
    {"-g", SLOT_DEBUG, "full", false},
    {"-g0", SLOT_DEBUG, "none", false},
    {"-g1", SLOT_DEBUG, "line-tables", false},
    {"-g2", SLOT_DEBUG, "full", false},
    {"--debug-level", SLOT_DEBUG, NULL, false},
    {"--target-cpu", SLOT_CPU, NULL, false},
    {"--target-features", SLOT_FEATURES, NULL, false},
    {"--fp-mode", SLOT_FP_MODE, NULL, false},
    {"--disable-warnings", SLOT_NO_WARNINGS, "", false},
    {"--Werror", SLOT_WERROR, "", false},
    {"-Werror", SLOT_WERROR, "", false},
    {"-I", SLOT_INCLUDE, NULL, true},
    {"-D", SLOT_DEFINE, NULL, true},
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

struct normalizer {
    const char *cwd;
    char *single[SLOT_SINGLE];
    struct mc_strv fp_modes;
    struct mc_strv includes;
    struct mc_strv defines;
};

static void normalizer_fini(struct normalizer *n)
{
    for (size_t i = 0; i < SLOT_SINGLE; i++) {
        free(n->single[i]);
    }
    mc_strv_fini(&n->fp_modes);
    mc_strv_fini(&n->includes);
    mc_strv_fini(&n->defines);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edits from one text to another (Levenshtein), texts cut at 39 bytes. */
static size_t distance(const char *a, size_t a_length, const char *b)
{
    size_t row[40];
    size_t b_length = strlen(b);
    b_length = b_length < 39 ? b_length : 39;
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= (a_length < 39 ? a_length : 39); i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

static int refuse_unknown(const char *flag, mc_err *err)
{
    size_t length = strcspn(flag, "=");
    size_t best = 4;
    const char *nearest = NULL;
    for (size_t i = 0; i < MC_LENGTH(options) && length > 3; i++) {
        size_t d = distance(flag, length, options[i].name);
        if (d < best && strlen(options[i].name) > 3) {
            best = d;
            nearest = options[i].name;
        }
    }
    mc_err_set(err, MC_INVALID_REQUEST, "unknown compiler flag '%s'", flag);
    if (nearest != NULL) {
        return mc_err_hint(err, "did you mean %s?", nearest);
    }
    return mc_err_hint(err,
                       "known are -O, -I, -D, -g0 to -g2, --target-cpu, --target-features, "
                       "--fp-mode, --disable-warnings and --Werror");
}

/* An option's value may be the rest of its item, what follows its "=", or the next item. */
static const struct option *match(const char *const *flag, const char **ret_value, size_t *ret_used)
{
    for (size_t i = 0; i < MC_LENGTH(options); i++) {
        const struct option *o = &options[i];
        size_t length = strlen(o->name);
        if (strncmp(flag[0], o->name, length) != 0) {
            continue;
        }
        const char *rest = flag[0] + length;
        *ret_used = 1;
        if (*rest == '\0') {
            *ret_value = o->value != NULL ? o->value : flag[1];
            *ret_used = o->value != NULL || flag[1] == NULL ? 1 : 2;
            return o;
        }
        if (o->value == NULL && (o->joins || *rest == '=')) {
            *ret_value = o->joins ? rest : rest + 1;
            return o;
        }
    }
    return NULL;
}

static const char *debug_level(const char *value)
{
    static const char *const levels[] = {"none", "line-tables", "full"};
    static const char *const digits[] = {"0", "1", "2"};
    for (size_t i = 0; i < MC_LENGTH(levels); i++) {
        if (strcmp(value, levels[i]) == 0) {
            return digits[i];
        }
    }
    return NULL;
}

/* What a value must look like; NULL where it does, else what would be right. */
static const char *complaint(enum slot slot, const char *value)
{
    static const char *const allowed[] = {
        [SLOT_CPU] = LETTERS DIGITS "_.-",
        [SLOT_FEATURES] = LETTERS DIGITS "_.-+,",
        [SLOT_FP_MODE] = LETTERS DIGITS "_-=,",
    };
    switch (slot) {
    case SLOT_OPTIMIZATION:
        return strlen(value) == 1 && strchr("0123", value[0]) != NULL ? NULL : "it is 0 to 3";
    case SLOT_DEBUG:
        return debug_level(value) != NULL ? NULL : "it is none, line-tables or full";
    case SLOT_CPU:
    case SLOT_FEATURES:
    case SLOT_FP_MODE:
        return value[0] != '\0' && value[strspn(value, allowed[slot])] == '\0'
                   ? NULL
                   : "as `mojo build --help` describes it";
    case SLOT_DEFINE:
        return value[0] != '\0' && strchr(LETTERS "_", value[0]) != NULL ? NULL
                                                                         : "NAME or NAME=VALUE";
    case SLOT_INCLUDE:
        return value[0] != '\0' ? NULL : "a directory";
    case SLOT_NO_WARNINGS:
    case SLOT_WERROR:
        break;
    }
    return NULL;
}

/* Absolute, without empty and "." components and without a "/" at the end. ".." stays: what is
 * above a symbolic link is not for the text to say. */
static char *clean_path(const char *cwd, const char *path)
{
    mc_autobuf whole = MC_BUF_INIT;
    mc_autobuf clean = MC_BUF_INIT;
    mc_buf_addf(&whole, "%s/%s", path[0] == '/' ? "" : cwd, path);
    for (const char *at = whole.data; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "/");
        if (length > 0 && !(length == 1 && at[0] == '.')) {
            mc_buf_addc(&clean, '/');
            mc_buf_add(&clean, at, length);
        }
        at += length + (at[length] == '/');
    }
    if (clean.length == 0 && !whole.failed) {
        mc_buf_addc(&clean, '/');
    }
    return whole.failed ? NULL : mc_buf_steal(&clean);
}

static int set_single(char **slot, const char *value, mc_err *err)
{
    free(*slot);
    *slot = strdup(value);
    return *slot != NULL ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

static int add_include(struct normalizer *n, const char *path, mc_err *err)
{
    mc_autofree char *clean = clean_path(n->cwd, path);
    if (clean == NULL) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < n->includes.count; i++) {
        if (strcmp(n->includes.items[i], clean) == 0) {
            return 0; /* the first place of a directory is the one that counts */
        }
    }
    mc_strv_add(&n->includes, clean);
    return 0;
}

static int apply(struct normalizer *n, enum slot slot, const char *value, mc_err *err)
{
    switch (slot) {
    case SLOT_FP_MODE:
        mc_strv_add(&n->fp_modes, value);
        return 0;
    case SLOT_INCLUDE:
        return add_include(n, value, err);
    case SLOT_DEFINE:
        mc_strv_add(&n->defines, value);
        return 0;
    case SLOT_DEBUG:
        return set_single(&n->single[slot], debug_level(value), err);
    default:
        return set_single(&n->single[slot], value, err);
    }
}

static int
spell(const struct normalizer *n, struct mc_strv *ret, struct mc_strv *ret_includes, mc_err *err)
{
    static const char *const spelling[SLOT_SINGLE] = {"-O%s",
                                                      "-g%s",
                                                      "--target-cpu=%s",
                                                      "--target-features=%s",
                                                      "--disable-warnings%s",
                                                      "--Werror%s"};
    for (size_t i = 0; i < SLOT_SINGLE; i++) {
        if (n->single[i] != NULL) {
            size_t stem = strlen(spelling[i]) - 2;
            mc_strv_addf(ret, "%.*s%s", (int) stem, spelling[i], n->single[i]);
        }
    }
    for (size_t i = 0; i < n->fp_modes.count; i++) {
        mc_strv_addf(ret, "--fp-mode=%s", n->fp_modes.items[i]);
    }
    for (size_t i = 0; i < n->includes.count; i++) {
        mc_strv_addf(ret, "-I%s", n->includes.items[i]);
        if (ret_includes != NULL) {
            mc_strv_add(ret_includes, n->includes.items[i]);
        }
    }
    for (size_t i = 0; i < n->defines.count; i++) {
        mc_strv_addf(ret, "-D%s", n->defines.items[i]);
    }
    if (ret_includes != NULL && mc_strv_check(ret_includes, err) < 0) {
        return -1;
    }
    return mc_strv_check(ret, err);
}

static int read_flags(struct normalizer *n, const char *const *flag, mc_err *err)
{
    while (flag != NULL && *flag != NULL) {
        const char *value = NULL;
        size_t used = 1;
        const struct option *option = match(flag, &value, &used);
        if (option == NULL) {
            return refuse_unknown(*flag, err);
        }
        if (value == NULL) {
            return mc_err_set(
                err, MC_INVALID_REQUEST, "the compiler flag %s needs a value", option->name);
        }
        const char *wrong = complaint(option->slot, value);
        if (wrong != NULL) {
            mc_err_set(err,
                       MC_INVALID_REQUEST,
                       "the compiler flag %s has the value '%s'",
                       option->name,
                       value);
            return mc_err_hint(err, "%s", wrong);
        }
        if (apply(n, option->slot, value, err) < 0) {
            return -1;
        }
        flag += used;
    }
    if (mc_strv_check(&n->fp_modes, err) < 0 || mc_strv_check(&n->includes, err) < 0) {
        return -1;
    }
    return mc_strv_check(&n->defines, err);
}

int mc_flags_normalize(char *const *flags,
                       const char *cwd,
                       struct mc_strv *ret,
                       struct mc_strv *ret_includes,
                       mc_err *err)
{
    __attribute__((cleanup(normalizer_fini))) struct normalizer n = {.cwd = cwd};
    mc_autostrv spelled = MC_STRV_INIT;
    mc_autostrv includes = MC_STRV_INIT;
    if (read_flags(&n, (const char *const *) flags, err) < 0 ||
        spell(&n, &spelled, ret_includes != NULL ? &includes : NULL, err) < 0) {
        return -1;
    }
    *ret = spelled;
    spelled = MC_STRV_INIT;
    if (ret_includes != NULL) {
        *ret_includes = includes;
        includes = MC_STRV_INIT;
    }
    return 0;
}
