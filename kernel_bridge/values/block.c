#include "kernel_bridge/values/block.h"

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

PyObject *
mc_block_next(struct mc_block *block, struct mc_result *result, const struct mc_type *type)
{
    if (!block->left) {
        return refuse(result);
    }
    block->left--;
    const uint64_t *word = block->at++;
    return type->kind == MC_TYPE_STRING ? next_text(block, result, *word)
                                        : mc_convert_out(result, type, word);
}

/* What a String's conversion holds is copied, and needed no longer. */
int mc_block_add(struct mc_conversion *conversion,
                 const struct mc_type *type,
                 PyObject *item,
                 struct mc_buf *block)
{
    static const char fill[WORD];
    struct mc_held held = {0};
    struct mc_held *kept = conversion->held;
    uint64_t words[2];
    conversion->held = &held;
    int done = mc_convert_in(conversion, type, item, words);
    conversion->held = kept;
    if (done == 0 && type->kind == MC_TYPE_STRING) {
        mc_buf_add(block, &words[1], WORD);
        mc_buf_add(block, (const char *) (uintptr_t) words[0], words[1]);
        mc_buf_add(block, fill, -words[1] % WORD);
    } else if (done == 0) {
        mc_buf_add(block, words, WORD);
    }
    mc_held_fini(&held);
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
