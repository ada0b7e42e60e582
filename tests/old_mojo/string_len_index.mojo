# Mojo 24.5 prints "5 h o\n"

fn main():
    var s = String("hello")
    print(len(s), s[0], s[4])
