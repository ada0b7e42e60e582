# Mojo 24.4 prints "5\n"

fn get(ref [_] x: Int) -> Int:
    return x

fn main():
    var a = 5
    var r = Reference(a)
    print(r[])
