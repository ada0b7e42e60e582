# Mojo 24.4 prints "3\n"

fn digits(s: String) -> Int:
    var n = 0
    for i in range(len(s)):
        if isdigit(ord(s[i])):
            n += 1
    return n

fn main():
    print(digits("a1b22"))
