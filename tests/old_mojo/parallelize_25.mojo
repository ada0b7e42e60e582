# Mojo 25.4 prints "4950\n"

from algorithm import parallelize

fn main():
    var xs = List[Int]()
    for _ in range(100):
        xs.append(0)
    var p = xs.unsafe_ptr()

    @parameter
    fn work(i: Int):
        p[i] = i

    parallelize[work](100)
    var s = 0
    for x in xs:
        s += x[]
    print(s)
