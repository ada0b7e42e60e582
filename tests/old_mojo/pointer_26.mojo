# Mojo 26.1 prints "6\n"

fn main():
    var p = alloc[Int](3)
    for i in range(3):
        p[i] = i + 1
    print(p[0] + p[1] + p[2])
    p.free()
