# Mojo 25.1 prints "4\n"

fn size(read s: String) -> Int:
    return len(s)

fn main():
    print(size("mojo"))
