# Mojo 25.4 prints "3\n"

fn same(a: Int) -> __type_of(a):
    return a

fn main():
    print(same(3))
