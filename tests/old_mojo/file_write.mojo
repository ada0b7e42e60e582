# Mojo 25.3 prints "hello\n"

fn main() raises:
    with open("old_mojo_file.txt", "w") as f:
        f.write("hello")
    with open("old_mojo_file.txt", "r") as f:
        print(f.read())
