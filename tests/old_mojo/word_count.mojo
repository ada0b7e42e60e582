# Mojo 24.6 prints "the 2\ncat 1\nand 1\nhat 1\n"

from collections import Dict

def main():
    var text = String("the cat and the hat")
    var counts = Dict[String, Int]()
    for word in text.split(" "):
        var w = word[]
        if w in counts:
            counts[w] += 1
        else:
            counts[w] = 1
    for item in counts.items():
        print(item[].key, item[].value)
