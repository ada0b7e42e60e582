# Mojo 25.6 prints "3 + 4 = 7\n"

fn main():
    var a = 3
    var b = 4
    print(f"{a} + {b} = {a + b}")
