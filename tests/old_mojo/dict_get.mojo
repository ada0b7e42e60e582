# Mojo 25.4 prints "5 0\n"

from collections import Dict

fn main() raises:
    var d = Dict[String, Int]()
    d["x"] = 5
    print(d.get("x", 0), d.get("y", 0))
