# Mojo 25.7 prints "1 2\n"

fn main() raises:
    var a: Dict[String, Int] = {"x": 1}
    var b = a
    b["y"] = 2
    print(len(a), len(b))
