# Mojo 25.6 prints "3\n"

from collections import Counter

fn main() raises:
    var c = Counter[String]("a", "b", "a", "a")
    print(c["a"])
