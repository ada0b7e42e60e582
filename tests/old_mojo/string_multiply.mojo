# Mojo 25.1 prints "===\n"

fn main():
    print(String("=") * 3)
