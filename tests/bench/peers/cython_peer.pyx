# cython: language_level=3, boundscheck=False, wraparound=False
def next_int(long n):
    return n + 1


def nothing(double[::1] x):
    return None


def nothing_2(double[:, :] x):
    return None


def total(double[::1] x):
    cdef double s = 0.0
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        s += x[i]
    return s
