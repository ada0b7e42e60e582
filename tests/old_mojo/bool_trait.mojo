# Mojo 25.2 prints "yes no\n"

@value
struct Flag(Boolable):
    var on: Bool

    fn __bool__(self) -> Bool:
        return self.on

fn word(f: Flag) -> String:
    if f:
        return "yes"
    return "no"

fn main():
    print(word(Flag(True)), word(Flag(False)))
