# Mojo 26.1 prints "<3>\n"

@fieldwise_init
struct Tag(Writable, Copyable, Movable):
    var n: Int

    fn write_to(self, mut writer: Some[Writer]):
        writer.write("<", self.n, ">")

fn main():
    print(Tag(3))
