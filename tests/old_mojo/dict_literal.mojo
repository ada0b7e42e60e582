# Mojo 25.5 prints "2 b\n"

fn main() raises:
    var d = {1: "a", 2: "b"}
    print(len(d), d[2])
