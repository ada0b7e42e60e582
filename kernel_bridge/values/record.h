/* The classes that stand for structs in Python. */
#pragma once

#include "kernel_bridge/values/value_kind.h"

/* Gives each struct in the type its class: `classes` is a dict of them by "module.name", or NULL.
 * What is needed of one is put into `held`. -1 with an exception where one is missing. */
int mc_record_attach(struct mc_type *type, PyObject *classes, struct mc_held *held);

/* An instance of a struct's class, of a tuple that it takes over; NULL with an exception. `fields`
 * may be NULL, with an exception. */
PyObject *mc_record_make(const struct mc_type *type, PyObject *fields);
