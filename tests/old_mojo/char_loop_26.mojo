# Mojo 25.7 prints "2\n"

fn main():
    var s = String("banana")
    var n = 0
    for c in s.codepoint_slices():
        if c == "n":
            n += 1
    print(n)
