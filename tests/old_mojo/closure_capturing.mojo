# Mojo 24.3 prints "15\n"

fn apply[func: fn (Int) capturing -> Int](x: Int) -> Int:
    return func(x)

fn main():
    var factor = 3

    @parameter
    fn times(x: Int) -> Int:
        return x * factor

    print(apply[times](5))
