# Mojo 26.1 prints "caught bad\n"

fn f() raises:
    raise Error("bad")

fn main():
    try:
        f()
    except e:
        print("caught", e)
