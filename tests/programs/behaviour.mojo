from std.ffi import external_call
from std.os import getenv, abort
from std.os.path import exists
from std.pathlib import Path, cwd
from std.sys import argv, exit, stderr
from std.time import sleep


def deep(n: Int) -> Int:
    if n == 0:
        return 0
    return 1 + deep(n - 1)


def endless(n: Int) -> Int:
    if n == -1:
        return 0
    return endless(n + 1) * 3 + endless(n - 2)


def say_arguments():
    var words = argv()
    print(len(words))
    for word in words:
        print("[", word, "]", sep="")


def say_environment():
    print(getenv("MC_TOLD", "unset"), getenv("MC_NOT_TOLD", "unset"), getenv("MC_EMPTY", "unset"))


def say_kinds():
    print(1, -7, 1.5, 1e300, 0.1 + 0.2, 1.0 / 3.0, True, String(Optional[Int](None)))
    print(Float32(0.1), UInt8(255), Int8(-128), UInt64.MAX, Int.MIN)
    print([1, 2, 3], (1, "two", 3.0))
    print("é火🔥", "tab\there", "nul\0in", "quote'\"")
    print(String("x") * 3, "a", "b", sep="-", end="|\n")


def write_files() raises:
    var path = cwd() / "written.txt"
    path.write_text("line\n")
    with open(path, "r") as file:
        print(file.read(), end="")
    print(exists("written.txt"), exists("not-there.txt"))


def flood(lines: Int):
    for i in range(lines):
        print("line", i, "of a large output that no pipe holds at once")


def both_streams():
    for i in range(3):
        print("out", i)
        print("err", i, file=stderr)
    print("no newline at the end", end="")


def catches():
    try:
        raise Error("caught")
    except e:
        print("caught:", e)
    finally:
        print("finally")


def main() raises:
    var what = String(argv()[1]) if len(argv()) > 1 else String("nothing")
    if what == "arguments":
        say_arguments()
    elif what == "environment":
        say_environment()
    elif what == "kinds":
        say_kinds()
    elif what == "input":
        print("read:", input())
    elif what == "read":
        print("[", open("/dev/stdin", "r").read(), "]", sep="")
    elif what == "write":
        write_files()
    elif what == "flood":
        flood(40000)
    elif what == "streams":
        both_streams()
    elif what == "flush":
        print("a", end="", flush=True)
        print("b", end="", flush=True)
    elif what == "error-only":
        print("only an error", file=stderr)
    elif what == "deep":
        print(deep(20000))
    elif what == "catches":
        catches()
    elif what == "raise":
        print("before")
        raise Error("the reason")
    elif what == "raise-lines":
        raise Error("first\nsecond")
    elif what == "raise-empty":
        raise Error("")
    elif what == "exit":
        print("before")
        exit(Int(String(argv()[2])))
    elif what == "abort":
        abort("gave up")
    elif what == "index":
        var items: List[Int] = [1, 2, 3]
        print("before")
        print(items[len(items) + 4])
    elif what == "pop":
        var items = List[Int]()
        print(items.pop())
    elif what == "overflow":
        print(endless(1))
    elif what == "signal":
        print("before", end="", flush=True)
        _ = external_call["raise", Int32](Int32(Int(String(argv()[2]))))
        sleep(5.0)
    elif what == "quick-signal":
        _ = external_call["raise", Int32](Int32(Int(String(argv()[2]))))
        print("survived")
    elif what == "divide":
        var zero = len(argv()) - 2
        print(7 // zero, 7 % zero, 7.0 / Float64(zero))
    elif what == "libc":
        print(external_call["abs", Int32](Int32(-4)))
    else:
        print("nothing to do")
