# Mojo 24.5 prints "olleh\n"

fn reverse(s: String) -> String:
    var r = String("")
    for i in range(len(s) - 1, -1, -1):
        r += s[i]
    return r

fn main():
    print(reverse("hello"))
