#include "abi/signature.h"

#include "abi/kind.h"
#include "abi/thunk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    const char *text;
    const char *at;
    mc_err *err;
};

static int refuse(const struct reader *reader, const char *what)
{
    return mc_err_set(reader->err,
                      MC_INVALID_REQUEST,
                      "signature '%s': %s at '%s'",
                      reader->text,
                      what,
                      reader->at);
}

static bool accept(struct reader *reader, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(reader->at, text, length) != 0) {
        return false;
    }
    reader->at += length;
    return true;
}

static int expect(struct reader *reader, const char *text)
{
    return accept(reader, text) ? 0 : refuse(reader, "no type");
}

static size_t word_length(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
}

static bool read_scalar(struct reader *reader, enum mc_scalar *ret)
{
    size_t length = word_length(reader->at);
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        if (strlen(mc_scalars[i].name) == length &&
            memcmp(mc_scalars[i].name, reader->at, length) == 0) {
            *ret = (enum mc_scalar) i;
            reader->at += length;
            return true;
        }
    }
    return false;
}

static int read_type(struct reader *reader, struct mc_type *ret);

static int add_item(struct mc_type *type, const struct mc_type *item, mc_err *err)
{
    return type->count < MC_THUNK_MAX_ARGS && mc_type_add_item(type, item) == 0
               ? 0
               : mc_err_set(err, MC_NO_MEMORY, "too many types in one");
}

/* The items of Optional, Tuple and Dict, behind the bracket. */
static int read_items(struct reader *reader, struct mc_type *type)
{
    do {
        struct mc_type item;
        if (read_type(reader, &item) < 0) {
            return -1;
        }
        if (!mc_kind_allows(type, &item)) {
            mc_type_fini(&item);
            return refuse(reader, "a type that cannot be inside of another");
        }
        if (add_item(type, &item, reader->err) < 0) {
            mc_type_fini(&item);
            return -1;
        }
    } while (mc_kind_of(type)->inside != MC_INSIDE_TYPE &&
             mc_kind_of(type)->inside != MC_INSIDE_ELEMENT && accept(reader, ", "));
    return mc_kind_is_whole(type) ? expect(reader, "]") : refuse(reader, "no type");
}

/* "DType.float64": the scalar whose name it is in lower case. */
static bool read_dtype(struct reader *reader, enum mc_scalar *ret)
{
    size_t length = accept(reader, "DType.") ? word_length(reader->at) : 0;
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        const char *name = mc_scalars[i].name;
        if (length > 0 && strlen(name) == length && islower((unsigned char) *reader->at) &&
            strncasecmp(name, reader->at, length) == 0) {
            *ret = (enum mc_scalar) i;
            reader->at += length;
            return true;
        }
    }
    return false;
}

static int read_dtype_and_rank(struct reader *reader, struct mc_type *type)
{
    if (!read_dtype(reader, &type->scalar)) {
        return refuse(reader, "no scalar");
    }
    bool digit = accept(reader, ", ") && isdigit((unsigned char) *reader->at);
    if (!digit || !mc_type_set_rank(type, (unsigned long) (*reader->at - '0'))) {
        return refuse(reader, "no rank");
    }
    reader->at++;
    return expect(reader, "]");
}

/* A name of Mojo's. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    while (text[length] == '_' || (text[length] & 0x80) || word_length(text + length) > 0) {
        length++;
    }
    return length;
}

static int read_field(struct reader *reader, struct mc_type *type)
{
    struct mc_type field;
    const char *name = reader->at;
    size_t length = name_length(name);
    reader->at += length;
    if (!length || !accept(reader, ": ")) {
        return refuse(reader, "no field");
    }
    if (read_type(reader, &field) < 0) {
        return -1;
    }
    if (mc_type_add_field(type, name, length, &field) < 0) {
        mc_type_fini(&field);
        return refuse(reader, "a field that cannot be in a struct");
    }
    return 0;
}

/* The struct's names and its fields, behind the bracket. */
static int read_record(struct reader *reader, struct mc_type *type)
{
    const char *origin = reader->at;
    size_t origin_length = name_length(origin);
    const char *name = origin + origin_length + 1;
    size_t length = origin[origin_length] == '.' ? name_length(name) : 0;
    if (!origin_length || !length) {
        return refuse(reader, "no struct");
    }
    type->record = mc_record_new(origin, origin_length, name, length);
    if (!type->record) {
        return mc_err_set(reader->err, MC_NO_MEMORY, "out of memory");
    }
    reader->at = name + length;
    while (accept(reader, ", ")) {
        if (read_field(reader, type) < 0) {
            return -1;
        }
    }
    return mc_kind_is_whole(type) ? expect(reader, "]") : refuse(reader, "no field");
}

static int read_element(struct reader *reader, struct mc_type *type)
{
    if (!read_scalar(reader, &type->scalar)) {
        return refuse(reader, "no scalar");
    }
    return expect(reader, "]");
}

/* Whether the text begins with the name, and not with a longer one. */
static bool begins(const char *text, const char *name, bool open)
{
    size_t length = strlen(name);
    return strncmp(text, name, length) == 0 &&
           (open ? text[length] == '[' : word_length(text + length) == 0);
}

/* The kind that is named here, and what its name says of the type; behind its bracket where it has
 * one. */
static bool read_kind(struct reader *reader, struct mc_type *ret)
{
    for (int i = 0; i < MC_TYPE_COUNT; i++) {
        const struct mc_kind *kind = mc_kinds[i];
        const char *const names[] = {kind->name, kind->writable_name};
        for (int k = 0; k < 2; k++) {
            bool open = kind->inside != MC_INSIDE_NOTHING;
            if (names[k] && begins(reader->at, names[k], open)) {
                *ret = (struct mc_type) {.kind = i, .writable = k == 1, .words = kind->words};
                reader->at += strlen(names[k]) + (open ? 1 : 0);
                return true;
            }
        }
    }
    return false;
}

static int read_inside(struct reader *reader, struct mc_type *type)
{
    switch (mc_kind_of(type)->inside) {
    case MC_INSIDE_NOTHING:
        return 0;
    case MC_INSIDE_SCALAR:
        return read_element(reader, type);
    case MC_INSIDE_DTYPE_AND_RANK:
        return read_dtype_and_rank(reader, type);
    case MC_INSIDE_FIELDS:
        return read_record(reader, type);
    case MC_INSIDE_ELEMENT:
    case MC_INSIDE_TYPE:
    case MC_INSIDE_TYPES:
    case MC_INSIDE_KEY_AND_VALUE:
        break;
    }
    return read_items(reader, type);
}

static int read_type(struct reader *reader, struct mc_type *ret)
{
    *ret = (struct mc_type) {.kind = MC_TYPE_SCALAR, .words = 1};
    if (read_scalar(reader, &ret->scalar)) {
        return 0;
    }
    if (!read_kind(reader, ret)) {
        return refuse(reader, "no type");
    }
    int outcome = read_inside(reader, ret);
    if (outcome < 0) {
        mc_type_fini(ret);
    }
    return outcome;
}

int mc_type_parse(const char *text, struct mc_type *ret, mc_err *err)
{
    struct reader reader = {text, text, err};
    if (read_type(&reader, ret) < 0) {
        return -1;
    }
    if (*reader.at) {
        mc_type_fini(ret);
        return refuse(&reader, "something behind the type");
    }
    return 0;
}

static int add_argument(struct mc_signature *signature, struct mc_type *type, struct reader *reader)
{
    if (!(mc_kind_of(type)->may_be & MC_AS_ARGUMENT)) {
        return refuse(reader, "a type that is no argument's");
    }
    if (signature->n_args == MC_THUNK_MAX_ARGS ||
        signature->in_words + type->words > MC_THUNK_IN_WORDS) {
        return refuse(reader, "more arguments than can be passed");
    }
    struct mc_type *args = realloc(signature->args, (signature->n_args + 1) * sizeof *args);
    if (!args) {
        return mc_err_set(reader->err, MC_NO_MEMORY, "out of memory");
    }
    signature->args = args;
    signature->args[signature->n_args++] = *type;
    signature->in_words += type->words;
    *type = (struct mc_type) {0};
    return 0;
}

static int read_arguments(struct reader *reader, struct mc_signature *signature)
{
    if (accept(reader, ")")) {
        return 0;
    }
    do {
        struct mc_type type;
        if (read_type(reader, &type) < 0) {
            return -1;
        }
        int added = add_argument(signature, &type, reader);
        mc_type_fini(&type);
        if (added < 0) {
            return -1;
        }
    } while (accept(reader, ", "));
    return expect(reader, ")");
}

static int read_signature(struct reader *reader, struct mc_signature *signature)
{
    signature->masked = accept(reader, "masked ");
    signature->in_words = signature->masked ? 1 : 0;
    if (expect(reader, "(") < 0 || read_arguments(reader, signature) < 0 ||
        expect(reader, " ") < 0) {
        return -1;
    }
    signature->raises = accept(reader, "raises ");
    if (expect(reader, "-> ") < 0 || read_type(reader, &signature->result) < 0) {
        return -1;
    }
    if (signature->result.words > MC_THUNK_OUT_WORDS) {
        return refuse(reader, "a result that is too large");
    }
    return *reader->at ? refuse(reader, "something behind the signature") : 0;
}

int mc_signature_parse(const char *text, struct mc_signature *ret, mc_err *err)
{
    struct reader reader = {text, text, err};
    *ret = MC_SIGNATURE_INIT;
    if (read_signature(&reader, ret) < 0) {
        mc_signature_fini(ret);
        return -1;
    }
    return 0;
}

void mc_signature_fini(struct mc_signature *signature)
{
    for (size_t i = 0; i < signature->n_args; i++) {
        mc_type_fini(&signature->args[i]);
    }
    free(signature->args);
    mc_type_fini(&signature->result);
    *signature = MC_SIGNATURE_INIT;
}
