# Mojo 24.5 prints "x = 3, y = 4\n"

fn main() raises:
    var s = String("x = {}, y = {}").format(3, 4)
    print(s)
