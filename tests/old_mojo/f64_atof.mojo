# Mojo 24.5 prints "2.5\n"

fn main() raises:
    print(atof("2.5"))
