# Mojo 26.1 prints "<4>\n"

@fieldwise_init
struct Tag(Stringable, Copyable, Movable):
    var n: Int

    fn __str__(self) -> String:
        return "<" + String(self.n) + ">"

fn main():
    print(String(Tag(4)))
