# Mojo 25.6 prints "hi!\n"

fn shout(owned s: String) -> String:
    s += "!"
    return s

fn main():
    print(shout("hi"))
