# Mojo 25.2 prints "True False\n"

fn main():
    var a = String("abc")
    print(a == "abc", a != "abc")
