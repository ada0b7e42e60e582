# Mojo 24.3 prints "taken: data\n"

fn consume(owned s: String):
    print("taken:", s)

fn main():
    var s: String = "data"
    consume(s^)
