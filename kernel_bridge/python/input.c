#include "kernel_bridge/python/input.h"

#include "kernel_bridge/guard/guard_input.h"
#include "kernel_bridge/python/print.h"

static int add_line(PyObject *line, struct mc_buf *ret)
{
    char *bytes;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(line, &bytes, &length) < 0) {
        return -1;
    }
    mc_buf_add(ret, bytes, (size_t) length);
    return 0;
}

static int ask(void *ret)
{
    PyObject *hosts = PyImport_ImportModule("mojocell.hosts");
    PyObject *line = hosts ? PyObject_CallMethod(hosts, "read_line", NULL) : NULL;
    int asked = line ? add_line(line, ret) : -1;
    Py_XDECREF(line);
    Py_XDECREF(hosts);
    return asked;
}

static bool ask_python(struct mc_buf *ret)
{
    return mc_print_in_python(ask, ret, true);
}

void mc_input_set_up(void)
{
    mc_guard_ask_with(ask_python);
}
