# Mojo 25.4 prints "3\n"

from collections import Dict

def main():
    var d = Dict[String, List[Int]]()
    d["a"] = List[Int](1, 2)
    d["a"].append(3)
    print(len(d["a"]))
