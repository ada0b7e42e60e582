# Mojo 24.2 prints "0\n1\n"

fn main():
    @unroll
    for i in range(2):
        print(i)
