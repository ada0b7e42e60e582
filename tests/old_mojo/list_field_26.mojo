# Mojo 25.6 prints "3\n"

@fieldwise_init
struct Bag(Copyable, Movable):
    var items: List[Int]

fn main():
    var xs: List[Int] = [1, 2, 3]
    var b = Bag(xs)
    print(len(b.items))
