# Mojo 24.2 prints "4\n"

fn size(s: StringRef) -> Int:
    return len(s)

fn main():
    print(size("mojo"))
