# Mojo 24.2 prints "ab!\n"

fn shout(s: StringLiteral) -> String:
    return String(s) + "!"

fn main():
    print(shout("ab"))
