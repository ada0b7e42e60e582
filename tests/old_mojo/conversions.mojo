# Mojo 24.4 prints "3 42 2.5 7\n"

fn main() raises:
    print(int(3.9), int("42"), float(5) / 2, str(7))
