# Mojo 25.6 prints "0 1 2 \n"

@fieldwise_init
struct Up(Copyable, Movable):
    var at: Int
    var end: Int

    fn __iter__(self) -> Self:
        return self.copy()

    fn __has_next__(self) -> Bool:
        return self.at < self.end

    fn __next__(mut self) -> Int:
        self.at += 1
        return self.at - 1

fn main():
    for i in Up(0, 3):
        print(i, end=" ")
    print()
