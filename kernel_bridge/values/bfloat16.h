/* Numbers of 16 bits with the exponent of a float: Mojo's BFloat16, torch's, ml_dtypes'. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/* The bits of the nearest one; false where that is infinite and the number is not. */
bool mc_bfloat16_pack(double number, uint64_t *ret);
double mc_bfloat16_unpack(uint64_t bits);

/* An array of the bits as one of ml_dtypes.bfloat16, or of numpy.float32, which has each of them,
 * where there is no ml_dtypes. Takes the reference, which may be NULL. */
PyObject *mc_bfloat16_array(PyObject *bits);
