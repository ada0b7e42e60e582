# Mojo 24.1 prints "hi\nhi\nhi\n"

fn repeat[count: Int](msg: String):
    for i in range(count):
        print(msg)

fn main():
    repeat[3]("hi")
