# Mojo 25.1 prints "n = 5\n"

fn main():
    var n = 5
    print("n = " + str(n))
