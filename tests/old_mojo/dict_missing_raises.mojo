# Mojo 25.4 prints "1\n"

from collections import Dict

fn first(d: Dict[String, Int]) -> Int:
    return d["a"]

fn main():
    var d = Dict[String, Int]()
    d["a"] = 1
    print(first(d))
