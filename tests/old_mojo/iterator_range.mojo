# Mojo 25.3 prints "3 2 1 \n"

@value
struct Countdown:
    var n: Int

    fn __iter__(self) -> Self:
        return self

    fn __has_next__(self) -> Bool:
        return self.n > 0

    fn __next__(mut self) -> Int:
        self.n -= 1
        return self.n + 1

fn main():
    for i in Countdown(3):
        print(i, end=" ")
    print()
