# Mojo 24.3 prints "0\n1\n2\nsmall\n"

alias N = 3

fn main():
    @parameter
    for i in range(N):
        print(i)

    @parameter
    if N < 10:
        print("small")
    else:
        print("big")
