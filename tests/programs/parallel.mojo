from max.algorithm import parallelize
from std.sys import argv


def squares(n: Int) -> Int:
    var items = List[Int](length=n, fill=0)

    def work(i: Int) {mut items}:
        items[i] = i * i

    parallelize(work, n)
    var sum = 0
    for item in items:
        sum += item
    return sum


def main() raises:
    for word in [8, 0, 1, 1000000]:
        print(word, squares(word))
    if len(argv()) > 1 and argv()[1] == "twice":
        for _ in range(100):
            _ = squares(8)
        print("done", squares(1000))
    if len(argv()) > 1 and argv()[1] == "crash":
        var few = List[Int](length=2, fill=0)

        def beyond(i: Int) {mut few}:
            few[i + 5] = 1

        parallelize(beyond, 4)
        print("never", few[0])
    if len(argv()) > 1 and argv()[1] == "raise":
        raise Error("after threads")
