# Mojo 25.1 prints "2\n"

fn count[T: CollectionElement](xs: List[T]) -> Int:
    return len(xs)

fn main():
    print(count(List[Int](1, 2)))
