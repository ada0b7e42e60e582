from std.python import Python


def main() raises:
    var math = Python.import_module("math")
    print(math.sqrt(16.0), math.floor(2.5))
    var sys = Python.import_module("sys")
    print(sys.version_info[0])
    var built = Python.evaluate("[n * n for n in range(4)]")
    print(built, len(built))
    print(Python.import_module("json").dumps("é火"))
    try:
        _ = Python.import_module("no_such_module_at_all")
    except e:
        print("caught:", e)
    _ = Python.evaluate("print('from Python', flush=True)")
    _ = Python.evaluate("1 // 0")
