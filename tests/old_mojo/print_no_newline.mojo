# Mojo 24.1 prints "012\n"

fn main():
    for i in range(3):
        print_no_newline(i)
    print()
