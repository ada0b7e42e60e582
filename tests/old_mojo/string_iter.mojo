# Mojo 25.5 prints "h-i-\n"

fn main():
    var s = String("hi")
    for c in s:
        print(c, end="-")
    print()
