# Mojo 26.1 prints "8\n"

comptime N = 8

fn main():
    print(N)
