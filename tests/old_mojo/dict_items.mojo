# Mojo 24.4 prints "one 1\ntwo 2\n"

from collections import Dict

fn main() raises:
    var d = Dict[String, Int]()
    d["one"] = 1
    d["two"] = 2
    for e in d.items():
        print(e[].key, e[].value)
