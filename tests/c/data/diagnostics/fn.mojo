fn add(a: Int, b: Int) -> Int:
    return a + b

fn main():
    # fn in a comment
    print("fn", add(1, 2))
