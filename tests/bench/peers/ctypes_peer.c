#include <stddef.h>

long next_int(long n)
{
    return n + 1;
}

void nothing(const double *x, size_t n)
{
    (void) x;
    (void) n;
}

double total(const double *x, size_t n)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) {
        s += x[i];
    }
    return s;
}
