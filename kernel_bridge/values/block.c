#include "kernel_bridge/values/block.h"

#include "kernel_bridge/values/record.h"
#include "kernel_bridge/values/values.h"

#include <stdlib.h>

#define WORD sizeof(uint64_t)

static PyObject *refuse(struct mc_result *result)
{
    return mc_result_unfit(result, "what came back is cut short");
}

Py_ssize_t
mc_block_open(struct mc_result *result, const uint64_t *words, size_t each, struct mc_block *ret)
{
    *ret = (struct mc_block) {(const uint64_t *) (uintptr_t) words[0], (size_t) words[1] / WORD};
    if (!ret->at || ret->left < 1 || *ret->at > (ret->left - 1) / each) {
        refuse(result);
        return -1;
    }
    ret->left--;
    return (Py_ssize_t) *ret->at++;
}

static PyObject *next_text(struct mc_block *block, struct mc_result *result, uint64_t length)
{
    const char *text = (const char *) block->at;
    if (length > block->left * WORD) {
        return refuse(result);
    }
    size_t words = ((size_t) length + WORD - 1) / WORD;
    block->at += words;
    block->left -= words;
    PyObject *string = PyUnicode_DecodeUTF8(text, (Py_ssize_t) length, NULL);
    result->unfit |= !string && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError);
    return string;
}

static PyObject *
next_record(struct mc_block *block, struct mc_result *result, const struct mc_type *type)
{
    PyObject *fields = PyTuple_New(type->count);
    for (size_t i = 0; fields && i < type->count; i++) {
        PyObject *field = mc_block_next(block, result, &type->items[i]);
        if (!field) {
            Py_CLEAR(fields);
            break;
        }
        PyTuple_SET_ITEM(fields, (Py_ssize_t) i, field);
    }
    return mc_record_make(type, fields);
}

PyObject *
mc_block_next(struct mc_block *block, struct mc_result *result, const struct mc_type *type)
{
    if (type->kind == MC_TYPE_RECORD) {
        return next_record(block, result, type);
    }
    if (!block->left) {
        return refuse(result);
    }
    block->left--;
    const uint64_t *word = block->at++;
    return type->kind == MC_TYPE_STRING ? next_text(block, result, *word)
                                        : mc_convert_out(result, type, word);
}

PyObject *mc_block_list(struct mc_result *result, const struct mc_type *item, const uint64_t *words)
{
    struct mc_block block;
    Py_ssize_t count = mc_block_open(result, words, 1, &block);
    PyObject *list = count < 0 ? NULL : PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *one = mc_block_next(&block, result, item);
        if (!one) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, one);
    }
    mc_result_release(result, words[0]);
    return list;
}

/* Puts the words of a value into the block: of text its bytes. */
static const uint64_t *
add_words(const struct mc_type *type, const uint64_t *words, struct mc_buf *block)
{
    static const char fill[WORD];
    if (type->kind == MC_TYPE_RECORD) {
        for (size_t i = 0; i < type->count; i++) {
            words = add_words(&type->items[i], words, block);
        }
        return words;
    }
    if (type->kind == MC_TYPE_STRING) {
        mc_buf_add(block, &words[1], WORD);
        mc_buf_add(block, (const char *) (uintptr_t) words[0], words[1]);
        mc_buf_add(block, fill, -words[1] % WORD);
    } else {
        mc_buf_add(block, words, WORD);
    }
    return words + type->words;
}

/* What a conversion holds is copied, and needed no longer. */
int mc_block_add(struct mc_conversion *conversion,
                 const struct mc_type *type,
                 PyObject *item,
                 struct mc_buf *block)
{
    struct mc_held held;
    struct mc_held *kept = conversion->held;
    uint64_t words[MC_THUNK_IN_WORDS];
    held.count = 0;
    conversion->held = &held;
    int done = mc_convert_in_fast(conversion, type, item, words);
    conversion->held = kept;
    if (done == 0) {
        add_words(type, words, block);
    }
    mc_held_fini(&held);
    return done;
}

int mc_block_add_all(struct mc_conversion *conversion,
                     const struct mc_type *type,
                     PyObject *items,
                     struct mc_buf *block)
{
    uint64_t count = (uint64_t) PyTuple_GET_SIZE(items);
    int done = 0;
    mc_buf_add(block, &count, sizeof count);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items) && done == 0; i++) {
        conversion->element = i;
        done = mc_block_add(conversion, type, PyTuple_GET_ITEM(items, i), block);
    }
    conversion->element = -1;
    return done;
}

int mc_block_hold(struct mc_conversion *conversion, struct mc_buf *block, uint64_t *ret_words)
{
    if (block->failed) {
        PyErr_NoMemory();
        return -1;
    }
    ret_words[1] = block->length;
    ret_words[0] = (uint64_t) (uintptr_t) mc_buf_steal(block);
    return mc_hold(conversion->held, (void *) (uintptr_t) ret_words[0], free);
}
