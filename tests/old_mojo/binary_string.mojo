# Mojo 25.3 prints "1010\n"

fn to_binary(owned n: Int) -> String:
    var s = String("")
    while n > 0:
        s = str(n % 2) + s
        n //= 2
    return s

fn main():
    print(to_binary(10))
