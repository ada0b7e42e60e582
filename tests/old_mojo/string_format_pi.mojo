# Mojo 25.2 prints "pi is 3.14\n"

fn main() raises:
    print("pi is {}".format(3.14))
