# Mojo 26.1 prints "big\n"

fn which[n: Int]():
    @parameter
    if n > 10:
        print("big")
    else:
        print("small")

fn main():
    which[11]()
