# Mojo 25.2 prints "enter\nbody\nexit\n"

@value
struct Scope:
    fn __enter__(self) -> Self:
        print("enter")
        return self

    fn __exit__(self):
        print("exit")

fn main():
    with Scope():
        print("body")
