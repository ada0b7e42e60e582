#include "protocol/fields.h"

#include "base/mem.h"

#include <float.h>
#include <string.h>

enum kind {
    MC_FIELD_TEXT,
    MC_FIELD_WORD, /* one of some; its number is kept */
    MC_FIELD_INTEGER,
    MC_FIELD_NUMBER,
    MC_FIELD_BOOLEAN,
    MC_FIELD_TEXTS,
    MC_FIELD_TEXT_MAP,
    MC_FIELD_TEXT_MAP_OR_OBJECT, /* one of strings, or one that its fields describe */
    MC_FIELD_OBJECT,
    MC_FIELD_OBJECTS,
};

struct mc_field {
    const char *name; /* NULL: the table ends */
    const char *must; /* what its value has to be, in words */
    enum kind kind;
    bool required;
    bool path;    /* an absolute one */
    bool bounded; /* a number's value, a text's characters, an array's items */
    double least;
    double most;
    size_t most_bytes;             /* of a text; 0: not limited */
    const char *const *words;      /* NULL-terminated */
    const struct mc_field *fields; /* of an object, or of an array's objects */
    size_t offset;                 /* in struct mc_fields, or MC_FIELD_CHECKED */
    size_t length_offset;          /* of its bytes, where most_bytes limits them */
};

#define MC_FIELD_CHECKED SIZE_MAX /* and not kept */

/* A field that has a meaning only beside another. */
struct needed {
    const char *name;
    const char *other;
};

struct operation {
    const char *name;
    const struct mc_field *fields;
    const struct needed *needs; /* NULL: none */
    const struct mc_fields *absent;
};

#include "protocol/request_table.h"

static int check_object(const char *whose,
                        const struct mc_field *fields,
                        const json_t *object,
                        struct mc_fields *ret,
                        mc_err *err);

enum mc_op mc_op_of(const char *name)
{
    int op = 0;
    while (op < MC_OP_COUNT && strcmp(operations[op].name, name) != 0) {
        op++;
    }
    return (enum mc_op) op;
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char) *text & 0xC0) != 0x80;
    }
    return count;
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

/* Of an environment: no name is empty or has a '='. */
static bool all_variables(const json_t *object)
{
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

/* JSON has one kind of number: 1.0 is an integer. */
static bool is_integer(const json_t *value)
{
    double number = json_number_value(value);
    bool fits = number > -0x1p63 && number < 0x1p63;
    return json_is_integer(value) ||
           (json_is_real(value) && fits && number == (double) (int64_t) number);
}

/* The number of the word among those that the field may be; -1: it is none of them. */
static int number_of(const struct mc_field *field, const char *word)
{
    for (int i = 0; word && field->words[i]; i++) {
        if (strcmp(field->words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

static bool has_kind(const json_t *value, enum kind kind)
{
    switch (kind) {
    case MC_FIELD_TEXT:
    case MC_FIELD_WORD: /* which of them is looked at beside its kind */
        return json_is_string(value);
    case MC_FIELD_INTEGER:
        return is_integer(value);
    case MC_FIELD_NUMBER:
        return json_is_number(value);
    case MC_FIELD_BOOLEAN:
        return json_is_boolean(value);
    case MC_FIELD_TEXTS:
        return json_is_array(value) && all_strings(value);
    case MC_FIELD_TEXT_MAP:
        return json_is_object(value) && all_variables(value);
    case MC_FIELD_TEXT_MAP_OR_OBJECT: /* the second is checked by its fields */
    case MC_FIELD_OBJECT:
        return json_is_object(value);
    case MC_FIELD_OBJECTS:
        return json_is_array(value);
    }
    return false;
}

/* What a field's bounds are bounds of. */
static double size_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return (double) count_characters(json_string_value(value));
    case JSON_ARRAY:
        return (double) json_array_size(value);
    default:
        return json_number_value(value);
    }
}

static bool is_right(const struct mc_field *field, const json_t *value)
{
    if (!has_kind(value, field->kind) || (field->path && json_string_value(value)[0] != '/') ||
        (field->words && number_of(field, json_string_value(value)) < 0)) {
        return false;
    }
    double size = field->bounded ? size_of(value) : 0;
    return !field->bounded || (size >= field->least && size <= field->most);
}

static void keep(const struct mc_field *field, const json_t *value, struct mc_fields *ret)
{
    char *place = (char *) ret + field->offset;
    switch (field->kind) {
    case MC_FIELD_TEXT:
        *(const char **) place = json_string_value(value);
        if (field->most_bytes) {
            *(size_t *) ((char *) ret + field->length_offset) = json_string_length(value);
        }
        break;
    case MC_FIELD_WORD:
        *(int *) place = number_of(field, json_string_value(value));
        break;
    case MC_FIELD_INTEGER:
        *(int64_t *) place = json_is_integer(value) ? (int64_t) json_integer_value(value)
                                                    : (int64_t) json_real_value(value);
        break;
    case MC_FIELD_NUMBER:
        *(double *) place = json_number_value(value);
        break;
    case MC_FIELD_BOOLEAN:
        *(bool *) place = json_is_true(value);
        break;
    case MC_FIELD_TEXTS:
    case MC_FIELD_TEXT_MAP:
    case MC_FIELD_TEXT_MAP_OR_OBJECT:
    case MC_FIELD_OBJECT:
    case MC_FIELD_OBJECTS:
        *(const json_t **) place = value;
        break;
    }
}

static int
check_inside(const struct mc_field *field, const json_t *value, struct mc_fields *ret, mc_err *err)
{
    size_t i;
    const json_t *one;
    if (field->kind != MC_FIELD_OBJECTS) {
        return check_object(field->name, field->fields, value, ret, err);
    }
    json_array_foreach(value, i, one)
    {
        if (!json_is_object(one)) {
            return mc_err_set(
                err, MC_INVALID_REQUEST, "the field '%s' must be %s", field->name, field->must);
        }
        if (check_object(field->name, field->fields, one, ret, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
check_value(const struct mc_field *field, const json_t *value, struct mc_fields *ret, mc_err *err)
{
    if (!is_right(field, value)) {
        return mc_err_set(
            err, MC_INVALID_REQUEST, "the field '%s' must be %s", field->name, field->must);
    }
    if (field->most_bytes && json_string_length(value) > field->most_bytes) {
        return mc_err_set(err,
                          MC_TOO_LARGE,
                          "the %s has more than %zu MiB",
                          field->name,
                          field->most_bytes >> 20);
    }
    bool plain =
        !field->fields || (field->kind == MC_FIELD_TEXT_MAP_OR_OBJECT && all_variables(value));
    if (field->offset != MC_FIELD_CHECKED && (plain || field->kind == MC_FIELD_OBJECTS)) {
        keep(field, value, ret);
    }
    return plain ? 0 : check_inside(field, value, ret, err);
}

static bool has_field(const struct mc_field *fields, const char *name)
{
    while (fields->name && strcmp(fields->name, name) != 0) {
        fields++;
    }
    return fields->name;
}

/* `whose` it is: of an operation, or of a field. */
static int check_object(const char *whose,
                        const struct mc_field *fields,
                        const json_t *object,
                        struct mc_fields *ret,
                        mc_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *) object, name, value)
    {
        if (!has_field(fields, name)) {
            return mc_err_set(err, MC_INVALID_REQUEST, "'%s' has no field '%.40s'", whose, name);
        }
    }
    for (const struct mc_field *field = fields; field->name; field++) {
        value = json_object_get(object, field->name);
        if (!value && field->required) {
            return mc_err_set(
                err, MC_INVALID_REQUEST, "'%s' needs the field '%s'", whose, field->name);
        }
        if (value && check_value(field, value, ret, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int check_needs(const struct operation *operation, const json_t *header, mc_err *err)
{
    for (const struct needed *one = operation->needs; one && one->name; one++) {
        if (json_object_get(header, one->name) && !json_object_get(header, one->other)) {
            return mc_err_set(err,
                              MC_INVALID_REQUEST,
                              "'%s' of '%s' needs the field '%s'",
                              one->name,
                              operation->name,
                              one->other);
        }
    }
    return 0;
}

const char *mc_fields_id(const json_t *header)
{
    for (const struct mc_field *field = operations[0].fields; field->name; field++) {
        const json_t *value = json_object_get(header, field->name);
        if (strcmp(field->name, "id") == 0 && value && is_right(field, value)) {
            return json_string_value(value);
        }
    }
    return NULL;
}

int mc_fields_read(enum mc_op op, const json_t *header, struct mc_fields *ret, mc_err *err)
{
    const struct operation *operation = &operations[op];
    struct mc_fields read = *operation->absent;
    if (check_object(operation->name, operation->fields, header, &read, err) < 0 ||
        check_needs(operation, header, err) < 0) {
        return -1;
    }
    *ret = read;
    return 0;
}
