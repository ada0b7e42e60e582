# Mojo 25.4 prints "2 True HELLO\n"

fn main():
    var s = String("hello")
    print(s.find("l"), s.startswith("he"), s.upper())
