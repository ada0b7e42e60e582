#include "abi/type.h"

#include "abi/thunk.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const struct mc_scalar_info mc_scalars[MC_SCALAR_COUNT] = {
#define MC_SCALAR_INFO(name, text, size, kind) [MC_##name] = {text, size, kind},
    MC_SCALARS(MC_SCALAR_INFO)
#undef MC_SCALAR_INFO
};

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

static int add_item(struct mc_type *type, const struct mc_type *item, mc_err *err)
{
    struct mc_type *items = type->count < MC_THUNK_MAX_ARGS
                                ? realloc(type->items, (type->count + 1U) * sizeof *items)
                                : NULL;
    if (!items) {
        return mc_err_set(err, MC_NO_MEMORY, "too many types in one");
    }
    type->items = items;
    type->items[type->count++] = *item;
    type->words = (uint16_t) (type->words + item->words);
    return 0;
}

static int read_type(struct reader *reader, struct mc_type *ret);

static bool may_be_inside(const struct mc_type *outer, const struct mc_type *item)
{
    bool tuple = outer->kind == MC_TYPE_TUPLE;
    return item->kind != MC_TYPE_NONE && item->kind != MC_TYPE_TUPLE &&
           (tuple || (item->kind != MC_TYPE_OPTIONAL && item->kind != MC_TYPE_ANY));
}

/* The items of Optional and Tuple, behind the bracket. */
static int read_items(struct reader *reader, struct mc_type *type)
{
    do {
        struct mc_type item;
        if (read_type(reader, &item) < 0) {
            return -1;
        }
        if (!may_be_inside(type, &item)) {
            mc_type_fini(&item);
            return refuse(reader, "a type that cannot be inside of another");
        }
        if (add_item(type, &item, reader->err) < 0) {
            mc_type_fini(&item);
            return -1;
        }
    } while (type->kind == MC_TYPE_TUPLE && accept(reader, ", "));
    return expect(reader, "]");
}

static int read_elements(struct reader *reader, struct mc_type *type)
{
    type->words = 2;
    if (!read_scalar(reader, &type->scalar)) {
        return refuse(reader, "no scalar");
    }
    return expect(reader, "]");
}

static int read_type(struct reader *reader, struct mc_type *ret)
{
    *ret = (struct mc_type) {.kind = MC_TYPE_SCALAR, .words = 1};
    if (read_scalar(reader, &ret->scalar)) {
        return 0;
    }
    int outcome;
    if (accept(reader, "Any")) {
        *ret = (struct mc_type) {.kind = MC_TYPE_ANY, .words = 3};
        return 0;
    }
    if (accept(reader, "String")) {
        *ret = (struct mc_type) {.kind = MC_TYPE_STRING, .words = 2};
        return 0;
    }
    if (accept(reader, "None")) {
        *ret = (struct mc_type) {.kind = MC_TYPE_NONE};
        return 0;
    }
    if (accept(reader, "Span[")) {
        ret->kind = MC_TYPE_SPAN;
        outcome = read_elements(reader, ret);
    } else if (accept(reader, "MutSpan[")) {
        ret->kind = MC_TYPE_SPAN;
        ret->writable = true;
        outcome = read_elements(reader, ret);
    } else if (accept(reader, "List[")) {
        ret->kind = MC_TYPE_LIST;
        outcome = read_elements(reader, ret);
    } else if (accept(reader, "Optional[")) {
        ret->kind = MC_TYPE_OPTIONAL;
        outcome = read_items(reader, ret);
    } else if (accept(reader, "Tuple[")) {
        *ret = (struct mc_type) {.kind = MC_TYPE_TUPLE};
        outcome = read_items(reader, ret);
    } else {
        return refuse(reader, "no type");
    }
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

void mc_type_fini(struct mc_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        mc_type_fini(&type->items[i]);
    }
    free(type->items);
    *type = (struct mc_type) {0};
}

static int add_argument(struct mc_signature *signature, struct mc_type *type, struct reader *reader)
{
    if (type->kind == MC_TYPE_NONE || type->kind == MC_TYPE_TUPLE || type->kind == MC_TYPE_ANY) {
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

void mc_type_write(const struct mc_type *type, struct mc_buf *ret)
{
    switch (type->kind) {
    case MC_TYPE_NONE:
        mc_buf_adds(ret, "None");
        return;
    case MC_TYPE_SCALAR:
        mc_buf_adds(ret, mc_scalars[type->scalar].name);
        return;
    case MC_TYPE_STRING:
        mc_buf_adds(ret, "String");
        return;
    case MC_TYPE_SPAN:
        mc_buf_addf(
            ret, "%s[%s]", type->writable ? "MutSpan" : "Span", mc_scalars[type->scalar].name);
        return;
    case MC_TYPE_LIST:
        mc_buf_addf(ret, "List[%s]", mc_scalars[type->scalar].name);
        return;
    case MC_TYPE_ANY:
        mc_buf_adds(ret, "Any");
        return;
    case MC_TYPE_OPTIONAL:
    case MC_TYPE_TUPLE:
        break;
    }
    mc_buf_adds(ret, type->kind == MC_TYPE_TUPLE ? "Tuple[" : "Optional[");
    for (size_t i = 0; i < type->count; i++) {
        mc_buf_adds(ret, i ? ", " : "");
        mc_type_write(&type->items[i], ret);
    }
    mc_buf_adds(ret, "]");
}

bool mc_type_owns_memory(const struct mc_type *type)
{
    bool owns =
        type->kind == MC_TYPE_STRING || type->kind == MC_TYPE_LIST || type->kind == MC_TYPE_ANY;
    for (size_t i = 0; i < type->count; i++) {
        owns = owns || mc_type_owns_memory(&type->items[i]);
    }
    return owns;
}

int mc_type_of_any(uint64_t tag, struct mc_type *ret)
{
    unsigned kind = tag & 0xff;
    unsigned scalar = tag >> 8 & 0xff;
    *ret = (struct mc_type) {.kind = (enum mc_type_kind) kind, .scalar = (enum mc_scalar) scalar};
    switch (kind) {
    case MC_TYPE_NONE:
        return 0;
    case MC_TYPE_STRING:
        ret->words = 2;
        return 0;
    case MC_TYPE_SCALAR:
    case MC_TYPE_LIST:
        ret->words = kind == MC_TYPE_LIST ? 2 : 1;
        return scalar < MC_SCALAR_COUNT ? 0 : -1;
    default:
        return -1;
    }
}
