# Mojo 25.6 prints "0\n1\n4\n"

fn main():
    @parameter
    for i in range(3):
        print(i * i)
