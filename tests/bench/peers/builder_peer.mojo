from std.os import abort
from std.python import PythonObject
from std.python.bindings import PythonModuleBuilder


@export
def PyInit_builder_peer() abi("C") -> PythonObject:
    try:
        var module = PythonModuleBuilder("builder_peer")
        module.def_function[next_int]("next_int")
        return module.finalize()
    except e:
        abort(String("the module cannot be made: ", e))


def next_int(n: PythonObject) raises -> PythonObject:
    return Int(py=n) + 1
