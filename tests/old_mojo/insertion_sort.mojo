# Mojo 25.4 prints "1 2 3\n"

fn insertion_sort(mut xs: List[Int]):
    for i in range(1, len(xs)):
        var key = xs[i]
        var j = i - 1
        while j >= 0 and xs[j] > key:
            xs[j + 1] = xs[j]
            j -= 1
        xs[j + 1] = key

fn main():
    var xs = List[Int](3, 1, 2)
    insertion_sort(xs)
    print(xs[0], xs[1], xs[2])
