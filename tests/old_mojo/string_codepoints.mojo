# Mojo 25.5 prints "2\n"

fn main():
    var n = 0
    for c in String("hi").codepoints():
        if c.is_ascii_lower():
            n += 1
    print(n)
