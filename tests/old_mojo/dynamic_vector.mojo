# Mojo 24.1 prints "3 0 4\n"

from collections.vector import DynamicVector

fn main():
    var v = DynamicVector[Int]()
    for i in range(3):
        v.push_back(i * 2)
    print(len(v), v[0], v[2])
