# Mojo 24.6 prints "khoor\n"

fn caesar(text: String, shift: Int) -> String:
    var out = String("")
    for i in range(len(text)):
        var c = ord(text[i])
        out += chr((c - ord("a") + shift) % 26 + ord("a"))
    return out

fn main():
    print(caesar("hello", 3))
