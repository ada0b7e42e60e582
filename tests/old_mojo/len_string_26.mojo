# Mojo 26.1 prints "4\n"

fn main():
    var s = String("mojo")
    print(len(s))
