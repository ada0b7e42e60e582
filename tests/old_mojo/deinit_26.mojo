# Mojo 25.7 prints "gone\n"

struct Res:
    fn __init__(out self):
        pass

    fn __del__(deinit self):
        print("gone")

fn main():
    var r = Res()
    _ = r^
