# Mojo 25.1 prints "3\n"

from collections import Dict

fn main():
    var d = Dict[String, Int]()
    d["k"] = 3
    var v = d.find("k")
    if v:
        print(v.value())
