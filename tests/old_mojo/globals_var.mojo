# Mojo 24.3 prints "6\n"

var total = 5

fn main():
    print(total + 1)
