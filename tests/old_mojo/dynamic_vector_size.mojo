# Mojo 24.1 prints "4 9\n"

from utils.vector import DynamicVector

fn squares(n: Int) -> DynamicVector[Int]:
    var v = DynamicVector[Int](n)
    for i in range(n):
        v.push_back(i * i)
    return v

fn main():
    let v = squares(4)
    print(v.size, v[3])
