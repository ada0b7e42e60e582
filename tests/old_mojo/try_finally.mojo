# Mojo 24.4 prints "in\nerr bad\nout\n"

fn risky(n: Int) raises:
    if n > 2:
        raise "bad"

fn main():
    try:
        print("in")
        risky(3)
    except e:
        print("err", e)
    finally:
        print("out")
