# Mojo 25.2 prints "104\n"

fn main():
    var s = String("hi")
    print(s.as_bytes()[0])
