# Mojo 24.5 prints "a-b-c\n"

fn main() raises:
    var parts = String("a,b,c").split(",")
    print(String("-").join(parts))
