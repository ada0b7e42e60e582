# Mojo 24.2 prints "2 1\n"

fn swap_them(inout a: Int, inout b: Int):
    let t = a
    a = b
    b = t

fn main():
    var x = 1
    var y = 2
    swap_them(x, y)
    print(x, y)
