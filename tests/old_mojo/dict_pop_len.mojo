# Mojo 25.3 prints "1 1\n"

from collections import Dict

fn main() raises:
    var d = Dict[String, Int]()
    d["a"] = 1
    d["b"] = 2
    print(d.pop("a"), len(d))
