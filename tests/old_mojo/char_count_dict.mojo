# Mojo 25.3 prints "3\n"

from collections import Dict

def main():
    var counts = Dict[String, Int]()
    var text = String("banana")
    for i in range(len(text)):
        var c = text[i]
        if c in counts:
            counts[c] += 1
        else:
            counts[c] = 1
    print(counts["a"])
