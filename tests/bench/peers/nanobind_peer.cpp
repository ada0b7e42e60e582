#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace nb = nanobind;
using Array = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

NB_MODULE(nanobind_peer, m) {
    m.def("next_int", [](long n) { return n + 1; });
    m.def("nothing", [](const Array &) {});
    m.def("total", [](const Array &x) {
        double s = 0.0;
        for (size_t i = 0; i < x.shape(0); ++i) {
            s += x(i);
        }
        return s;
    });
}
