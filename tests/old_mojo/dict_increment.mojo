# Mojo 25.3 prints "2\n"

from collections import Dict

def main():
    var d = Dict[String, Int]()
    for w in String("a b a").split():
        d[w] = d.get(w, 0) + 1
    print(d["a"])
