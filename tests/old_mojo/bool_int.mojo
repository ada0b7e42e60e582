# Mojo 24.4 prints "1 False\n"

fn main():
    print(int(True), bool(0))
