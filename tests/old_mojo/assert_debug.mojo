# Mojo 24.5 prints "ok\n"

fn main():
    debug_assert(1 < 2, "no")
    print("ok")
