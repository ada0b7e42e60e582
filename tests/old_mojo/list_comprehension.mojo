# Mojo 25.5 prints "0 1 4 9 \n"

fn main():
    var xs = [i * i for i in range(4)]
    for x in xs:
        print(x, end=" ")
    print()
