#include "server/read.h"

#include <math.h>
#include <string.h>

enum field_type { TEXT, INTEGER, NUMBER, BOOLEAN, TEXTS, ENVIRONMENT, OBJECT, ARRAY };

static const char *const type_names[] = {
    [TEXT] = "a string",
    [INTEGER] = "an integer",
    [NUMBER] = "a number",
    [BOOLEAN] = "true or false",
    [TEXTS] = "an array of strings",
    [ENVIRONMENT] = "an object of strings, or name a frame",
    [OBJECT] = "an object",
    [ARRAY] = "an array",
};

#define OP(name)   (1U << MC_OP_##name)
#define CELL_OPS   (OP(COMPILE) | OP(RUN))
#define SOURCE_OPS (CELL_OPS | OP(CACHE_EXPLAIN))
#define ANY_OP     ((1U << MC_OP_COUNT) - 1)

static const struct field {
    const char *name;
    enum field_type type;
    unsigned ops;
    unsigned required;
} fields[] = {
    {"op", TEXT, ANY_OP, ANY_OP},
    {"id", TEXT, ANY_OP, ANY_OP},
    {"protocol", INTEGER, ANY_OP, OP(HELLO)},
    {"pid", INTEGER, OP(HELLO), 0},
    {"client", TEXT, OP(HELLO), 0},
    {"source", TEXT, SOURCE_OPS, CELL_OPS},
    {"name", TEXT, SOURCE_OPS, 0},
    {"cell", TEXT, SOURCE_OPS, 0},
    {"toolchain", TEXT, CELL_OPS | OP(INFO), 0},
    {"sites", TEXTS, CELL_OPS | OP(INFO), 0},
    {"env", ENVIRONMENT, CELL_OPS | OP(INFO), 0},
    {"cwd", TEXT, CELL_OPS | OP(INFO), OP(RUN)},
    {"umask", INTEGER, CELL_OPS | OP(INFO), 0},
    {"flags", TEXTS, CELL_OPS, 0},
    {"force", BOOLEAN, CELL_OPS, 0},
    {"modernize", BOOLEAN, CELL_OPS, 0},
    {"exports", TEXTS, CELL_OPS, 0},
    {"using", ARRAY, CELL_OPS, 0},
    {"inputs", ARRAY, CELL_OPS, 0},
    {"outputs", TEXTS, CELL_OPS, 0},
    {"args", TEXTS, OP(RUN), 0},
    {"stdin", OBJECT, OP(RUN), 0},
    {"limits", OBJECT, OP(RUN), 0},
    {"window", INTEGER, OP(RUN), 0},
    {"fresh", BOOLEAN, OP(RUN), 0},
    {"worker", TEXT, OP(RUN), 0},
    {"target", TEXT, OP(CANCEL), OP(CANCEL)},
    {"bytes", INTEGER, OP(CREDIT), OP(CREDIT)},
    {"now", BOOLEAN, OP(SHUTDOWN), 0},
};

static const char *const op_names[] = {
    [MC_OP_HELLO] = "hello",
    [MC_OP_COMPILE] = "compile",
    [MC_OP_RUN] = "run",
    [MC_OP_CANCEL] = "cancel",
    [MC_OP_CREDIT] = "credit",
    [MC_OP_CACHE_STATS] = "cache.stats",
    [MC_OP_CACHE_EXPLAIN] = "cache.explain",
    [MC_OP_CACHE_CLEAR] = "cache.clear",
    [MC_OP_INFO] = "info",
    [MC_OP_SHUTDOWN] = "shutdown",
};

enum mc_op mc_read_op(const char *name)
{
    int op = 0;
    while (op < MC_OP_COUNT && strcmp(op_names[op], name) != 0) {
        op++;
    }
    return (enum mc_op) op;
}

static bool all_strings(const json_t *array)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return true;
}

static bool is_frame(const json_t *object)
{
    return json_object_size(object) == 1 && json_is_integer(json_object_get(object, "frame"));
}

static bool is_environment(const json_t *object)
{
    if (!json_is_object(object) || is_frame(object)) {
        return json_is_object(object);
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *) object, name, value)
    {
        if (!json_is_string(value) || !*name || strchr(name, '=')) {
            return false;
        }
    }
    return true;
}

static bool has_type(const json_t *value, enum field_type type)
{
    switch (type) {
    case TEXT:
        return json_is_string(value);
    case INTEGER:
        return json_is_integer(value);
    case NUMBER:
        return json_is_number(value);
    case BOOLEAN:
        return json_is_boolean(value);
    case TEXTS:
        return json_is_array(value) && all_strings(value);
    case ENVIRONMENT:
        return is_environment(value);
    case OBJECT:
        return json_is_object(value);
    case ARRAY:
        return json_is_array(value);
    }
    return false;
}

static int check_field(const struct field *field, enum mc_op op, const json_t *header, mc_err *err)
{
    const json_t *value = json_object_get(header, field->name);
    if (!value) {
        if (field->required & (1U << op)) {
            return mc_err_set(
                err, MC_INVALID_REQUEST, "'%s' needs the field '%s'", op_names[op], field->name);
        }
        return 0;
    }
    if (!has_type(value, field->type)) {
        return mc_err_set(err,
                          MC_INVALID_REQUEST,
                          "the field '%s' must be %s",
                          field->name,
                          type_names[field->type]);
    }
    return 0;
}

int mc_read_check(enum mc_op op, const json_t *header, mc_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *) header, name, value)
    {
        size_t i = 0;
        while (i < sizeof fields / sizeof *fields &&
               (strcmp(fields[i].name, name) != 0 || !(fields[i].ops & (1U << op)))) {
            i++;
        }
        if (i == sizeof fields / sizeof *fields) {
            return mc_err_set(
                err, MC_INVALID_REQUEST, "'%s' has no field '%.40s'", op_names[op], name);
        }
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if ((fields[i].ops & (1U << op)) && check_field(&fields[i], op, header, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A number of `limits`, above 0; 0 where it is not there. */
static int read_limit(const json_t *limits, const char *name, double *ret, mc_err *err)
{
    const json_t *value = json_object_get(limits, name);
    *ret = 0;
    if (!value) {
        return 0;
    }
    double number = json_number_value(value);
    if (!json_is_number(value) || !isfinite(number) || number <= 0) {
        return mc_err_set(err, MC_INVALID_REQUEST, "the limit '%s' must be a number above 0", name);
    }
    *ret = number < 1e15 ? number : 1e15; /* as good as none */
    return 0;
}

static int read_limits(const json_t *limits, struct mc_ask *ask, mc_err *err)
{
    static const char *const known[] = {"wall", "cpu", "memory", "output", "processes"};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *) limits, name, value)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(known[i], name) != 0) {
            i++;
        }
        if (i == sizeof known / sizeof *known) {
            return mc_err_set(err, MC_INVALID_REQUEST, "there is no limit '%.40s'", name);
        }
    }
    double memory;
    double output;
    double processes;
    if (read_limit(limits, "wall", &ask->limits.wall, err) < 0 ||
        read_limit(limits, "cpu", &ask->limits.cpu, err) < 0 ||
        read_limit(limits, "memory", &memory, err) < 0 ||
        read_limit(limits, "output", &output, err) < 0 ||
        read_limit(limits, "processes", &processes, err) < 0) {
        return -1;
    }
    static const double most = 1e15;
    memory *= 1024 * 1024;
    ask->limits.memory = (int64_t) (memory < most ? memory : most);
    ask->limits.output = output > 0 ? (int64_t) output : 64LL << 20;
    ask->limits.processes = processes > 1e6 ? 1000000 : (int64_t) processes;
    return 0;
}

static bool flag(const json_t *header, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(header, name);
    return value ? json_is_true(value) : otherwise;
}

static const char *text(const json_t *header, const char *name, const char *otherwise)
{
    const json_t *value = json_object_get(header, name);
    return value ? json_string_value(value) : otherwise;
}

int mc_read_frame(
    const json_t *header, const char *name, size_t frames, size_t *ret_frame, mc_err *err)
{
    const json_t *field = json_object_get(header, name);
    *ret_frame = SIZE_MAX;
    if (!field) {
        return 0;
    }
    const json_t *frame = json_object_get(field, "frame");
    if (!json_is_integer(frame) || json_integer_value(frame) < 0 ||
        (size_t) json_integer_value(frame) >= frames) {
        return mc_err_set(err,
                          MC_INVALID_REQUEST,
                          "'%s' must name one of the message's %zu binary frames",
                          name,
                          frames);
    }
    *ret_frame = (size_t) json_integer_value(frame);
    return 0;
}

int mc_read_ask(enum mc_op op,
                const json_t *header,
                struct mc_ask *ret,
                mc_err *err)
{
    const json_t *source = json_object_get(header, "source");
    struct mc_ask ask = {
        .source = source ? json_string_value(source) : "",
        .source_length = source ? json_string_length(source) : 0,
        .name = text(header, "name", "cell"),
        .toolchain = text(header, "toolchain", NULL),
        .cwd = text(header, "cwd", "/"),
        .umask = (mode_t) (json_object_get(header, "umask")
                               ? json_integer_value(json_object_get(header, "umask"))
                               : 022),
        .force = flag(header, "force", false),
        .modernize = flag(header, "modernize", true),
        .fresh = flag(header, "fresh", false),
        .worker = text(header, "worker", NULL),
        .sites = json_object_get(header, "sites"),
        .flags = json_object_get(header, "flags"),
        .args = json_object_get(header, "args"),
        .exports = json_object_get(header, "exports"),
        .using = json_object_get(header, "using"),
        .inputs = json_object_get(header, "inputs"),
        .outputs = json_object_get(header, "outputs"),
        .window = json_integer_value(json_object_get(header, "window")),
    };
    ask.cell = text(header, "cell", ask.name);
    if (ask.source_length > (size_t) 8 << 20) {
        return mc_err_set(err, MC_TOO_LARGE, "the source has more than 8 MiB");
    }
    if (op == MC_OP_RUN && ask.cwd[0] != '/') {
        return mc_err_set(err, MC_INVALID_REQUEST, "'cwd' must be an absolute path");
    }
    if ((ask.umask & ~(mode_t) 0777) != 0) {
        return mc_err_set(err, MC_INVALID_REQUEST, "'umask' must be from 0 to 511");
    }
    if (ask.worker && ask.worker[0] != '/') {
        return mc_err_set(err, MC_INVALID_REQUEST, "'worker' must be an absolute path");
    }
    if (op == MC_OP_RUN && !ask.worker && (ask.inputs || ask.outputs)) {
        return mc_err_set(
            err, MC_INVALID_REQUEST, "'inputs' and 'outputs' of a run need a 'worker'");
    }
    if (ask.window < 0) {
        return mc_err_set(err, MC_INVALID_REQUEST, "'window' must not be negative");
    }
    if (read_limits(json_object_get(header, "limits"), &ask, err) < 0) {
        return -1;
    }
    *ret = ask;
    return 0;
}
