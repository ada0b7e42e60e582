/* What the words of a crash, and the text of an error, say of a cell: read by what the daemon reads
 * a program's with. */
#include "kernel_bridge/python/crash_text.h"

#include "base/mem.h"
#include "mojo/cell.h"
#include "mojo/crash_sources.h"
#include "mojo/diag.h"
#include "mojo/diag_text.h"
#include "mojo/output_paths.h"

#include <string.h>

/* A compiled source, as the arguments (source, module, used) say it. */
struct compiled {
    const char *source;
    Py_ssize_t length;
    const char *module;
    PyObject *used;
    struct mc_cell *cell;
    struct mc_strv names, texts;
    struct mc_crash_sources from;
};

static void compiled_fini(struct compiled *self)
{
    mc_cell_free(self->cell);
    mc_strv_fini(&self->names);
    mc_strv_fini(&self->texts);
}

static int add_used(struct compiled *self)
{
    PyObject *name;
    PyObject *text;
    Py_ssize_t at = 0;
    while (PyDict_Next(self->used, &at, &name, &text)) {
        const char *said = PyUnicode_AsUTF8(name);
        const char *written = said ? PyUnicode_AsUTF8(text) : NULL;
        if (!written) {
            return -1;
        }
        mc_strv_add(&self->names, said);
        mc_strv_add(&self->texts, written);
    }
    return 0;
}

/* What was compiled is a cell, so that only memory can be refused. */
static int compiled_init(struct compiled *self, PyObject *module)
{
    mc_err err;
    if (add_used(self) < 0) {
        return -1;
    }
    if (self->names.failed || self->texts.failed) {
        PyErr_NoMemory();
        return -1;
    }
    if (mc_cell_parse(self->source, (size_t) self->length, &self->cell, &err) < 0) {
        mc_bridge_raise(PyModule_GetState(module), &err);
        return -1;
    }
    mc_crash_sources_init(&self->from,
                          self->cell,
                          self->module,
                          self->source,
                          (size_t) self->length,
                          &self->names,
                          &self->texts);
    return 0;
}

/* None for 0. */
static PyObject *place_number(long number)
{
    return number > 0 ? PyLong_FromLong(number) : Py_NewRef(Py_None);
}

/* The name of the module that a place is in; None for the cell's own. */
static PyObject *module_of(const struct compiled *self, size_t source, long line)
{
    bool other = line > 0 && source > 0;
    return other ? PyUnicode_FromString(self->from.sources[source].name) : Py_NewRef(Py_None);
}

static PyObject *words(PyObject *module, PyObject *args)
{
    const char *text;
    struct compiled compiled = {0};
    struct mc_diag_crash crash;
    PyObject *found = NULL;
    if (!PyArg_ParseTuple(args,
                          "ss#sO!:crash_words",
                          &text,
                          &compiled.source,
                          &compiled.length,
                          &compiled.module,
                          &PyDict_Type,
                          &compiled.used)) {
        return NULL;
    }
    if (compiled_init(&compiled, module) == 0) {
        mc_diag_words(text, compiled.from.sources, compiled.from.count, &crash);
        found = Py_BuildValue("(sNNNz)",
                              crash.message,
                              place_number(crash.line),
                              place_number(crash.column),
                              module_of(&compiled, crash.source, crash.line),
                              crash.library[0] ? crash.library : NULL);
    }
    compiled_fini(&compiled);
    return found;
}

static PyObject *place(PyObject *module, PyObject *args)
{
    const char *file;
    long line;
    long column;
    struct compiled compiled = {0};
    PyObject *found = NULL;
    if (!PyArg_ParseTuple(args,
                          "slls#sO!:crash_place",
                          &file,
                          &line,
                          &column,
                          &compiled.source,
                          &compiled.length,
                          &compiled.module,
                          &PyDict_Type,
                          &compiled.used)) {
        return NULL;
    }
    if (compiled_init(&compiled, module) == 0) {
        const struct mc_diag_source *first = compiled.from.sources;
        const struct mc_diag_source *source = mc_text_source(first, compiled.from.count, file);
        if (source) {
            mc_text_map(source, line, column, &line, &column);
        }
        line = source ? line : 0;
        found = Py_BuildValue("(NNN)",
                              place_number(line),
                              place_number(line > 0 ? column : 0),
                              module_of(&compiled, source ? (size_t) (source - first) : 0, line));
    }
    compiled_fini(&compiled);
    return found;
}

static PyObject *tell(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t length;
    const char *name;
    struct compiled compiled = {0};
    PyObject *told = NULL;
    if (!PyArg_ParseTuple(args,
                          "s#ss#sO!:crash_tell",
                          &text,
                          &length,
                          &name,
                          &compiled.source,
                          &compiled.length,
                          &compiled.module,
                          &PyDict_Type,
                          &compiled.used)) {
        return NULL;
    }
    if (compiled_init(&compiled, module) == 0) {
        mc_autobuf rewritten = MC_BUF_INIT;
        struct mc_output_paths paths = {
            .cell = compiled.cell, .name = name, .module = compiled.module};
        mc_output_paths_rewrite(&paths, text, (size_t) length, &rewritten);
        told = rewritten.failed ? PyErr_NoMemory()
                                : PyUnicode_DecodeUTF8(rewritten.data ? rewritten.data : "",
                                                       (Py_ssize_t) rewritten.length,
                                                       "replace");
    }
    compiled_fini(&compiled);
    return told;
}

PyMethodDef mc_bridge_crash_methods[] = {
    {"crash_words",
     words,
     METH_VARARGS,
     PyDoc_STR("crash_words(text, source, module, used, /)\n--\n\n"
               "Message, line, column, module and library of the words of a crash.")},
    {"crash_place",
     place,
     METH_VARARGS,
     PyDoc_STR("crash_place(file, line, column, source, module, used, /)\n--\n\n"
               "Line, column and module, for the user, of a place in a file of the compiler's.")},
    {"crash_tell",
     tell,
     METH_VARARGS,
     PyDoc_STR("crash_tell(text, name, source, module, used, /)\n--\n\n"
               "A text with the cell's places for those in the files of the compiler's.")},
    {0},
};
